"""How well sight agrees with those that it stands in for, and with judges that no training saw, on coded pictures.

    python scripts/measure_sight.py DIR --features DIR [--codec fasdiff] [--bytes 200 400 800] [--limit N]      (needs dlib-bin)

Every picture is coded at every size. For each pair of distances: Pearson's correlation over all, and Spearman's over the sizes'
ranks taken away, that is over pictures at equal bytes.
"""

from __future__ import annotations

import argparse
from itertools import product
from pathlib import Path

import numpy as np
import torch
from scipy.stats import pearsonr, spearmanr

from intaglio.bench import picture_set
from intaglio.codec import Codec
from intaglio.faces.detector import detect
from intaglio.faces.recogniser import FaceRecogniser, align
from intaglio.measures.dlib_faces import Album, Faces
from intaglio.measures.features import to_tensor
from intaglio.measures.identity import IdentityDistance
from intaglio.measures.lpips import LPIPS
from intaglio.measures.lpips_alex import LpipsAlex
from intaglio.measures.sight import Sight

PAIRS = (("look", "LPIPS-VGG"), ("look", "LPIPS-Alex"), ("LPIPS-VGG", "LPIPS-Alex"),
         ("person", "recogniser"), ("person", "dlib"), ("recogniser", "dlib"))  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--features", type=Path, required=True)
    parser.add_argument("--codec", default="fasdiff")
    parser.add_argument("--bytes", type=int, nargs="+", default=[200, 400, 800])
    parser.add_argument("--limit", type=int, default=32)
    args = parser.parse_args()
    codec, pictures = Codec(args.codec), picture_set.load(args.folder, 256, args.limit)
    sight, vgg, recogniser = Sight.packaged(), LPIPS(args.features), FaceRecogniser(args.features).net
    alex, dlib = LpipsAlex(args.features), IdentityDistance(Album(Faces()))
    rows: dict[int, list[dict[str, float]]] = {size: [] for size in args.bytes}
    for rgb, size in product(pictures.values(), args.bytes):
        decoded = np.array(codec.decompress(codec.compress(rgb, max_bytes=size, focus="off"), steps=1))
        x, y, faces = to_tensor(rgb), to_tensor(decoded), detect(rgb, 32)
        with torch.no_grad():
            row = {
                "look": float(sight.look.distance(sight.look.features(y), sight.look.features(x))),
                "LPIPS-VGG": float(vgg(x, y)),
                "LPIPS-Alex": _number(alex.compare(alex.describe(rgb), alex.describe(decoded))),
            }
            if faces:
                points = torch.from_numpy(faces[0].points).float()[None]
                a, b = align(x, points), align(y, points)
                for name, net in (("person", sight.person), ("recogniser", recogniser)):
                    row[name] = float(1 - (net(a) * net(b)).sum())
                row["dlib"] = _number(dlib.compare(dlib.describe(rgb), dlib.describe(decoded)))
        rows[size].append(row)
    print("| | | pictures | Pearson | Spearman at equal bytes |\n|---|---|---|---|---|")
    for one, other in PAIRS:
        pairs = [
            np.array([(r[one], r[other]) for r in of if np.isfinite([r.get(one, np.nan), r.get(other, np.nan)]).all()])
            for of in rows.values()
        ]
        if all(len(pair) > 2 for pair in pairs):
            every = np.concatenate(pairs)
            ranks = np.mean([spearmanr(*pair.T).statistic for pair in pairs])
            print(f"| {one} | {other} | {len(every)} | {pearsonr(*every.T).statistic:.3f} | {ranks:.3f} |")


def _number(distance: float | None) -> float:
    return np.nan if distance is None else distance


if __name__ == "__main__":
    main()
