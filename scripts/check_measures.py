"""The bench's measures against another implementation of them, on pictures that JPEG and AVIF spoilt.

    PYTHONPATH=src python scripts/check_measures.py PICTURES --other METRICS.py --features WEIGHTS_DIR [--limit 10]

METRICS.py gives features(x), compare(f, g), face_box(rgb), identity(rgb, rgb, box) and kernel_distance(f, g); x is a
picture (1, 3, H, W) in 0..1, `pooled` of its features what the kernel distance is of. Exit code 1 where a mean differs
in its third digit.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import measuring
import numpy as np

from intaglio import measures as metrics
from intaglio.bench import peers
from intaglio.bench import picture_set as pictures
from intaglio.measures.kernel_distance import kernel_distance, pooled

NAMES = ("psnr", "lpips", "dists", "eld", "identity")
SPOILT = (("jpeg", 20), ("avif", 20))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pictures", type=Path)
    parser.add_argument("--other", type=Path, required=True, metavar="METRICS.py")
    parser.add_argument("--features", type=Path)
    parser.add_argument("--limit", type=int, default=10)
    parser.add_argument("--size", type=int, default=256)
    options = parser.parse_args()
    other = measuring.load_module(options.other)
    mine = {m.name: m for m in metrics.available(options.features, faces=True)[0] if m.name in NAMES}
    rows: dict[str, list[tuple[float, float]]] = {name: [] for name in NAMES}
    ours: tuple[list[np.ndarray], list[np.ndarray]] = [], []
    theirs: tuple[list[np.ndarray], list[np.ndarray]] = [], []
    for rgb in pictures.load(options.pictures, options.size, options.limit).values():
        features, box = other.features(measuring.tensor(rgb)), other.face_box(rgb)
        for name, setting in SPOILT:
            peer = peers.available([name])[0][0]
            decoded = peer.decode(peer.encode(rgb, setting), *rgb.shape[:2])
            spoilt = other.features(measuring.tensor(decoded))
            wanted = other.compare(features, spoilt)
            wanted["identity"] = other.identity(rgb, decoded, box) if box is not None else None
            for key, metric in mine.items():
                value = metric.compare(metric.describe(rgb), metric.describe(decoded))
                if (value is None) != (wanted[key] is None):
                    sys.exit(f"{key}: only one of both found a face")
                if value is not None:
                    rows[key].append((value, wanted[key]))
            for found, picture in zip(ours, (rgb, decoded)):
                found.append(pooled(mine["eld"], picture, True))
            for found, f in zip(theirs, (features, spoilt)):
                found.append(f["pooled"])
    kernels = kernel_distance(*map(np.concatenate, ours)), other.kernel_distance(*map(np.concatenate, theirs))
    table = [_row(name, np.array(pairs)) for name, pairs in rows.items()] + [
        _row("kernel distance", np.array([kernels]))
    ]
    print(measuring.table(f"{options.pictures.name}, {options.limit} pictures, {SPOILT}", table))
    if not all(row["to three digits"] for row in table):
        sys.exit(1)


def _row(name: str, pairs: np.ndarray) -> dict[str, object]:
    mean, wanted = pairs.mean(0)
    same = f"{mean:.3g}" == f"{wanted:.3g}" or bool(np.isclose(mean, wanted, rtol=5e-4))
    largest = float(np.abs(pairs[:, 0] - pairs[:, 1]).max())
    return {
        "measure": name,
        "values": len(pairs),
        "bench": float(mean),
        "other": float(wanted),
        "largest difference": largest,
        "to three digits": same,
    }


if __name__ == "__main__":
    main()
