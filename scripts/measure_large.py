"""Large pictures: seconds and peak memory of compressing, drawing, and drawing a box, as the picture grows.

    PYTHONPATH=src python scripts/measure_large.py PICTURES [--codecs cgdm fasdiff] [--sides 1536x1024 3000x2000 6000x4000]
        [--steps 1] [--json large.json]

A picture of a size is a mosaic of the folder's pictures. Each thing is done in a process of its own, twice; seconds are the
second's, the peak (10^6 bytes) is the process's, its libraries and networks included. `of the picture` are the bytes of
its pixels and of its latent alone. The bar: 6000x4000 in at most 3 GiB.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import measuring
from PIL import Image, ImageOps

from intaglio.bench.timing import peak_memory
from intaglio.codec import Codec
from intaglio.train import training_pictures as pictures

BAR = 3 * 1024**3 / 1e6  # MB
QUALITY = 40
BOX = 512  # pixels a side


def mosaic(folder: Path, width: int, height: int, cell: int = 512) -> Image.Image:
    """Pictures of a folder side by side, every other mirrored."""
    sources = sorted(pictures.find([folder]), key=lambda s: s.key)[:16]
    out, cells = Image.new("RGB", (width, height)), {}
    for number, (top, left) in enumerate((t, x) for t in range(0, height, cell) for x in range(0, width, cell)):
        which = number % len(sources)
        if which not in cells:
            cells[which] = ImageOps.fit(sources[which].open(), (cell, cell))
        out.paste(ImageOps.mirror(cells[which]) if number // len(sources) % 2 else cells[which], (left, top))
    return out


def child(options: argparse.Namespace) -> None:
    """In a fresh process: do one thing twice; print the second's seconds, and the peak."""
    codec = Codec(options.child_codec)
    width, height = map(int, options.child_size.split("x"))
    seconds = 0.0
    if options.child == "compress":
        picture = Image.open(options.file.with_suffix(".png"))
        for _ in range(2):
            start = time.perf_counter()
            options.file.write_bytes(codec.compress(picture, quality=QUALITY))
            seconds = time.perf_counter() - start
    else:
        left, top = (width - BOX) // 2, (height - BOX) // 2
        box = (left, top, left + BOX, top + BOX) if options.child == "box" else None
        for _ in range(2):
            start = time.perf_counter()
            codec.decompress(options.file.read_bytes(), steps=options.steps, box=box)
            seconds = time.perf_counter() - start
    print(seconds, peak_memory() / 1e6)


def measured(options: argparse.Namespace, codec: str, size: str, file: Path) -> dict[str, Any]:
    width, height = map(int, size.split("x"))
    own = width * height * (3 + 32 * 4 / 64) / 1e6
    row: dict[str, Any] = {"codec": codec, "size": size, "MB of the picture": own}
    for what in ("compress", "decompress", "box"):
        command = [sys.executable, __file__, str(options.pictures), "--child", what, "--child-codec", codec]
        command += ["--child-size", size, "--file", str(file), "--steps", str(options.steps)]
        found = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
        row[f"{what}, s"], row[f"{what}, peak MB"] = map(float, found)
    row["bytes"] = file.stat().st_size
    return row | {"held": max(v for k, v in row.items() if k.endswith("peak MB")) <= BAR}


def main() -> None:
    parser = measuring.parser(__doc__)
    parser.add_argument("--codecs", nargs="+", default=["cgdm", "fasdiff"])
    parser.add_argument("--sides", nargs="+", default=["1536x1024", "3000x2000", "6000x4000"])
    parser.add_argument("--steps", type=int, default=1)
    for name in ("--child", "--child-codec", "--child-size"):
        parser.add_argument(name, help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        return child(options)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for size in options.sides:
            file = Path(folder) / f"{size}.itg"
            mosaic(options.pictures, *map(int, size.split("x"))).save(file.with_suffix(".png"), compress_level=1)
            rows += [measured(options, codec, size, file) for codec in options.codecs]
    table = {f"Large pictures, quality {QUALITY}, {options.steps} step, a box of {BOX}x{BOX}": rows}
    measuring.report(Codec(options.codecs[0])._codec, table, options.json)
    return None


if __name__ == "__main__":
    main()
