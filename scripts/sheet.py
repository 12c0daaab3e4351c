"""A strip of pictures beside peers at equal bytes, to look at; a row a picture and limit, the bytes below.

    PYTHONPATH=src python scripts/sheet.py FACES OUT.webp --size 256 --bytes 250 400 --limit 3
    PYTHONPATH=src python scripts/sheet.py KODAK OUT.webp --codec cgdm --bpp .12 --only kodim01 kodim05 --peers vvc avif

Ours counts the whole file. A peer counts its payload, as in the bench: its file minus that of a flat grey picture; it
takes the finest setting that needs no more than ours, at the better (by PSNR) of full and half size. A peer that cannot be
so small is left white. Only pictures that may be published belong into the repository.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from intaglio.bench import ours, peers, picture_set
from intaglio.bench.fitting import Trials, best_under
from intaglio.measures.measure import Rgb
from intaglio.measures.psnr import Psnr

LINE = 14  # pixels of a line of text


def cell(rgb: Rgb, text: str) -> Image.Image:
    """The picture with a line of text under it."""
    height, width = rgb.shape[:2]
    out = Image.new("RGB", (width, height + LINE), "white")
    out.paste(Image.fromarray(rgb))
    ImageDraw.Draw(out).text((2, height + 1), text, fill="black")
    return out


def row(name: str, rgb: Rgb, limit: int, others: Sequence[peers.Peer]) -> list[Image.Image]:
    """The original, ours in at most `limit` bytes, and the peers in as many."""
    data = ours.encode(name, rgb, limit)
    cells = [cell(rgb, "original"), cell(ours.decode(name, data), f"{name} {len(data)} bytes")]
    trials = Trials(rgb)
    for peer in others:
        fit = best_under(peer, rgb, len(data), lambda a, b: -Psnr().compare(a, b), "payload", trials, scales=("", "/2"))
        cells.append(
            cell(np.full_like(rgb, 255), f"{peer.name}: does not fit")
            if fit is None
            else cell(fit.decoded, f"{fit.variant} {fit.payload} bytes")
        )
    return cells


def strip(rows: Sequence[Sequence[Image.Image]]) -> Image.Image:
    """Cells side by side, rows one below the other."""
    width = max(sum(c.width for c in cells) for cells in rows)
    out = Image.new("RGB", (width, sum(cells[0].height for cells in rows)), "white")
    top = 0
    for cells in rows:
        left = 0
        for one in cells:
            out.paste(one, (left, top))
            left += one.width
        top += cells[0].height
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pictures", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--codec", choices=ours.NAMES, default="fasdiff")
    parser.add_argument("--peers", nargs="*", default=["vvc", "avif"])
    parser.add_argument("--size", type=int, help="central squares of this side, in place of whole pictures")
    parser.add_argument("--limit", type=int, help="so many pictures, the first by name")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="these pictures, by name without ending")
    rate = parser.add_mutually_exclusive_group()
    rate.add_argument("--bytes", type=float, nargs="+", default=[400])
    rate.add_argument("--bpp", type=float, nargs="+", help="limits in bits a pixel")
    options = parser.parse_args()
    bases = [peers.base(name) for name in options.peers]
    pictures = picture_set.load(options.pictures, options.size, options.limit)
    rows = [
        row(options.codec, rgb, ours.target(rate, rgb, options.bpp is not None), bases)
        for name, rgb in pictures.items()
        if options.only is None or name in options.only
        for rate in options.bpp or options.bytes
    ]
    strip(rows).save(options.out, quality=80)
    print(f"{options.out}: {len(rows)} rows")


if __name__ == "__main__":
    main()
