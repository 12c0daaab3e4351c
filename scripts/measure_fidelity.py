"""PSNR without diffusion (`realism` 0) against VVC at equal bytes, on whole pictures.

    PYTHONPATH=src python scripts/measure_fidelity.py PICTURES [--codec cgdm] [--bpp .03 .06 .09 .12] [--json fidelity.json]

VVC (extra `bench`) is, at every number of bytes, the better of full and half size, and counts payload alone: its file less
that of a flat grey picture. Its PSNR is read off a line over log bytes, picture by picture; ours counts whole files.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import measuring
import numpy as np
from PIL import Image
from rich.progress import track

from intaglio.bench import picture_set as pictures
from intaglio.bench.peers import vvc
from intaglio.bench.peers.peer import Peer, Rgb
from intaglio.bench.peers.variants import scaled
from intaglio.codec import Codec

QP = {"": (53, 49, 45, 41, 37), "/2": (48, 43, 38, 33, 28)}  # finer where fewer pixels are coded


def psnr(a: Rgb, b: Rgb) -> float:
    return float(-10 * np.log10(np.square(a.astype(np.float64) - b).mean() / 255**2))


@functools.cache
def header(peer: Peer, setting: int, height: int, width: int) -> int:
    """Bytes of a flat grey picture's file."""
    return len(peer.encode(np.full((height, width, 3), 128, np.uint8), setting))


def curve(peer: Peer, settings: Sequence[int], rgb: Rgb) -> tuple[list[float], list[float]]:
    """(log payload bytes, PSNR) of a picture, from fewest bytes to most."""
    found = []
    for setting in settings:
        data = peer.encode(rgb, setting)
        size = max(1, len(data) - header(peer, setting, *rgb.shape[:2]))
        found.append((np.log(size), psnr(rgb, peer.decode(data, *rgb.shape[:2]))))
    bytes_, quality = zip(*sorted(found))
    return list(bytes_), list(quality)


def main() -> None:
    parser = measuring.parser(__doc__)
    parser.set_defaults(size=None)
    parser.add_argument("--codec", default="cgdm")
    parser.add_argument("--bpp", type=float, nargs="+", default=[0.03, 0.06, 0.09, 0.12])
    options = parser.parse_args()
    codec, full = Codec(options.codec, decoder=options.decoder), vvc.peer()
    peers = [(full, QP[""]), (scaled(full, 0.5), QP["/2"])]
    rows: dict[float, list[tuple[float, float, float]]] = {bpp: [] for bpp in options.bpp}
    for rgb in track(list(pictures.load(options.pictures, options.size, options.limit).values()), "pictures"):
        curves = [curve(*peer, rgb) for peer in peers]
        for bpp, found in rows.items():
            data = codec.compress(Image.fromarray(rgb), max_bytes=int(bpp * rgb.shape[0] * rgb.shape[1] / 8))
            ours = psnr(rgb, np.asarray(codec.decompress(data, realism=0)))
            # No value where neither curve reaches: a line must not be led on.
            read = [np.interp(np.log(len(data)), *c, left=np.nan, right=np.nan) for c in curves]
            found.append((len(data), ours, float(np.nanmax(read)) if np.isfinite(read).any() else np.nan))
    lines: list[dict[str, Any]] = []
    for bpp, found in rows.items():
        used = np.array([f for f in found if np.isfinite(f[2])])
        line = {"bits a pixel, at most": bpp, "pictures": len(used)}
        if len(used):
            line |= {
                "bytes": float(used[:, 0].mean()),
                "PSNR": float(used[:, 1].mean()),
                "VVC": float(used[:, 2].mean()),
            }
            line["PSNR less VVC's"] = measuring.paired(used[:, 1].tolist(), used[:, 2].tolist())
        lines.append(line)
    measuring.report(codec._codec, {"PSNR at realism 0": lines}, options.json)


if __name__ == "__main__":
    main()
