"""A sheet of pictures at given sizes beside VVC and AVIF at the same payload, to look at.

    PYTHONPATH=src python scripts/sheet.py FACES OUT.png --peers JUDGE/peers.py [--bytes 250 400 800] [--limit 12]
    PYTHONPATH=src python scripts/sheet.py KODAK OUT.webp --peers JUDGE/peers.py --codec cgdm --bpp .12 --only 1 5 7 --ours

Faces are central squares; with --bpp (bits a pixel) pictures are taken whole, --only some of them (from 1, by name).

A row a picture: the original, then for each limit ours, VVC, AVIF; the bytes below. Ours counts the whole file; a peer's
count is its file less that of a flat grey picture, at the better (PSNR) of full and half size, at the best setting
that takes no more than ours; where none is that small, the smallest there is. --peers is a Python file with `PEERS`,
name to (function of picture and setting giving bytes and picture, settings), of vvc, vvc/2, avif, avif/2. OUT must lie
outside of the repository, for the pictures may not be ours to publish; --ours says that they are.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import measuring
import numpy as np
from PIL import Image
from rich.progress import track

from intaglio.pipeline.latent_codec import LatentCodec
from intaglio.train import training_pictures as pictures

SETTINGS = {"vvc": range(63, 9, -1), "avif": range(0, 101)}  # from small files to large ones
Coder = Callable[[measuring.Rgb, int], tuple[int, measuring.Rgb]]


def largest(code: Callable[[int], tuple[int, Any]], settings: range, budget: int) -> tuple[int, Any]:
    """By bisection the (bytes, picture) of the last setting that takes at most `budget` bytes; else of the first one.

    Bytes are taken to rise with the settings.
    """
    best, low, high = code(settings[0]), 0, len(settings)
    while high - low > 1:
        middle = (low + high) // 2
        found = code(settings[middle])
        if found[0] <= budget:
            low, best = middle, found
        else:
            high = middle
    return best


def psnr(a: measuring.Rgb, b: measuring.Rgb) -> float:
    return float(-10 * np.log10(max(np.mean((a.astype(float) - b) ** 2) / 255**2, 1e-10)))


class Peer:
    """A peer at full and half size."""

    def __init__(self, name: str, peers: dict[str, tuple[Coder, Any]]) -> None:
        self.name, self.coders = name, {n: peers[n][0] for n in (name, f"{name}/2")}
        self.flat = functools.cache(self._flat)

    def _flat(self, name: str, shape: tuple[int, ...], setting: int) -> int:
        return self.coders[name](np.full(shape, 128, np.uint8), setting)[0]

    def of(self, rgb: measuring.Rgb) -> Callable[[int], tuple[int, measuring.Rgb, str]]:
        """For a picture: budget to (payload bytes, decoded, size) of the better that fits, or the smaller if none does."""

        @functools.cache
        def code(name: str, setting: int) -> tuple[int, measuring.Rgb]:
            size, decoded = self.coders[name](rgb, setting)
            return max(1, size - self.flat(name, rgb.shape, setting)), decoded

        def within(budget: int) -> tuple[int, measuring.Rgb, str]:
            settings = SETTINGS[self.name]
            found = [(*largest(functools.partial(code, name), settings, budget), name) for name in self.coders]
            fitting = [f for f in found if f[0] <= budget]
            return max(fitting, key=lambda f: psnr(f[1], rgb)) if fitting else min(found, key=lambda f: f[0])

        return within


def row(name: str, codec: LatentCodec, rgb: measuring.Rgb, limits: list[int], peers: list[Peer]) -> Image.Image:
    """One picture: the original and, for each limit, ours and the peers."""
    coders = [peer.of(rgb) for peer in peers]
    cells = [measuring.label(Image.fromarray(rgb), "original")]
    for limit in limits:
        result, size = measuring.compress(codec, rgb, limit)
        ours = codec.decompress(result.payload, *rgb.shape[:2], result.quality, result.scale)
        cells.append(measuring.label(Image.fromarray(ours), f"{name} {size} bytes"))
        for within in coders:
            payload, decoded, peer = within(size)
            cells.append(measuring.label(Image.fromarray(decoded), f"{peer} {payload} bytes"))
    return measuring.beside(cells)


def main() -> None:
    parser = measuring.parser(__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--peers", type=Path, help="Python file with the peers; without it, ours alone")
    parser.add_argument("--bytes", type=int, nargs="+", default=[250, 400, 800])
    parser.add_argument("--bpp", type=float, nargs="+", help="limits in bits a pixel, of whole pictures")
    parser.add_argument("--codec", default="fasdiff")
    parser.add_argument("--only", type=int, nargs="+", help="these pictures, counted from 1 by name")
    parser.add_argument("--ours", action="store_true", help="the pictures may be published")
    options = parser.parse_args()
    if not options.ours and Path(__file__).resolve().parents[1] in options.out.resolve().parents:
        sys.exit(f"{options.out} lies inside the repository: choose a place outside")
    codec = LatentCodec(options.codec, options.weights, decoder=options.decoder)
    if options.bpp:
        sources = sorted(pictures.find([options.pictures]), key=lambda s: s.key)[: options.limit]
        rgbs = [np.array(s.open().convert("RGB")) for s in sources]
    else:
        rgbs = measuring.load_pictures(options.pictures, options.size, options.limit or 12)
    if options.only:
        rgbs = [rgbs[n - 1] for n in options.only]
    table = measuring.load_module(options.peers).PEERS if options.peers else {}
    peers = [Peer(name, table) for name in SETTINGS if name in table]
    rows = []
    for rgb in track(rgbs, "pictures"):
        limits = [int(b * rgb.shape[0] * rgb.shape[1] / 8) for b in options.bpp] if options.bpp else options.bytes
        rows.append(row(options.codec, codec, rgb, limits, peers))
    measuring.beside(rows, down=True).save(options.out, quality=80)
    print(f"{options.out}: {len(rows)} pictures")
    measuring.report(codec, {}, options.json)


if __name__ == "__main__":
    main()
