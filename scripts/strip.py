"""docs/strip.webp: original, Intaglio and AVIF at equal bytes, for the bundled portrait and for one of Kodak's pictures.

    PYTHONPATH=src python scripts/strip.py KODAK/kodim20.png docs/strip.webp

The portrait is cut to head and shoulders, 256x256; of the other picture the central square is shrunk to 256x256. Ours
counts every byte of the file. AVIF counts its payload, as in the bench: its file minus that of a flat grey picture of
that size. It takes no more than our bytes, at the best by PSNR of its variants.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont, ImageOps

from intaglio.bench import ours
from intaglio.bench.fitting import best_under
from intaglio.measures.measure import Rgb
from intaglio.measures.psnr import Psnr

SIDE, GAP, LINE = 256, 8, 22  # pixels
HEAD = 98, 0, 98 + SIDE, SIDE  # of the bundled portrait


def row(image: Image.Image, codec: str, limit: int) -> list[tuple[Rgb, str]]:
    """Pictures and captions: original, Intaglio, AVIF. A peer that cannot be so small is left white."""
    rgb, psnr = np.array(image), Psnr()
    data = ours.encode(codec, rgb, limit)
    fit = best_under("avif", rgb, len(data), lambda a, b: -psnr.compare(a, b), "payload", scales=("", "/2"))
    return [
        (rgb, "original"),
        (ours.decode(codec, data), f"Intaglio, {len(data):,} bytes"),
        (fit.decoded, f"AVIF, {fit.payload:,} bytes") if fit else (np.full_like(rgb, 255), "AVIF does not fit"),
    ]


def sheet(rows: Sequence[Sequence[tuple[Rgb, str]]]) -> Image.Image:
    """All rows on one white page, each picture above its caption."""
    page = Image.new("RGB", (3 * SIDE + 2 * GAP, len(rows) * (SIDE + LINE)), "white")
    draw = ImageDraw.Draw(page)
    for i, cells in enumerate(rows):
        for j, (rgb, caption) in enumerate(cells):
            left, top = j * (SIDE + GAP), i * (SIDE + LINE)
            page.paste(Image.fromarray(rgb), (left, top))
            draw.text((left + 2, top + SIDE + 3), caption, "black", font=ImageFont.load_default(14))
    return page


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("picture", type=Path, help="the second picture")
    parser.add_argument("out", type=Path)
    parser.add_argument("--bytes", type=int, nargs=2, default=[400, 800], help="of the portrait, of the picture")
    options = parser.parse_args()
    portrait = Image.open(str(files("intaglio") / "data" / "astronaut.png")).convert("RGB").crop(HEAD)
    picture = ImageOps.fit(Image.open(options.picture).convert("RGB"), (SIDE, SIDE), Image.Resampling.LANCZOS)
    page = sheet([row(portrait, "fasdiff", options.bytes[0]), row(picture, "cgdm", options.bytes[1])])
    page.save(options.out, lossless=False, quality=90)


if __name__ == "__main__":
    main()
