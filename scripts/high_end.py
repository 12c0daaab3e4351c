"""What bytes buy at the upper end of quality, beside AVIF at no more bytes: the figures of docs/decisions/0022.

python scripts/high_end.py PICTURES --features FOLDER [--codec cgdm] [--qualities 40 60 80 100]

Features: where training's networks are (docs/guides/training.md), for LPIPS by VGG. For validation pictures, not for tests.
"""

from __future__ import annotations

import argparse
import io
from pathlib import Path

import numpy as np
from PIL import Image

from intaglio import Codec
from intaglio.measures.features import to_tensor
from intaglio.measures.lpips import LPIPS
from intaglio.measures.measure import Rgb

SPEED = 4  # of AVIF's encoder


def avif(image: Image.Image, room: int) -> bytes | None:
    """The best AVIF of at most so many bytes."""
    best, low, high = None, 0, 100
    while low <= high:
        quality, file = (low + high) // 2, io.BytesIO()
        image.save(file, "AVIF", quality=quality, speed=SPEED)
        if len(file.getvalue()) <= room:
            best, low = file.getvalue(), quality + 1
        else:
            high = quality - 1
    return best


def psnr(a: Rgb, b: Rgb) -> float:
    return float(10 * np.log10(255**2 / np.square(a.astype(float) - b).mean()))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("pictures", type=Path)
    parser.add_argument("--features", type=Path, required=True)
    parser.add_argument("--codec", default="cgdm")
    parser.add_argument("--qualities", type=float, nargs="+", default=[40, 50, 60, 70, 80, 100])
    parser.add_argument("--every", type=int, default=3, help="picture of the folder")
    args = parser.parse_args()
    codec, lpips = Codec(args.codec), LPIPS(args.features)
    rows: dict[float, list[list[float]]] = {quality: [] for quality in args.qualities}
    for path in sorted(args.pictures.iterdir())[1 :: args.every]:
        image = Image.open(path).convert("RGB")
        wanted = np.asarray(image)
        for quality in args.qualities:
            data = codec.compress(image, quality=quality)
            theirs = avif(image, len(data))
            if theirs is None:
                continue
            shown = [codec.decompress(data), codec.decompress(data, realism=0), Image.open(io.BytesIO(theirs))]
            row = [len(data), 8 * len(data) / (image.width * image.height)]
            for picture in (np.asarray(one.convert("RGB")) for one in shown):
                row += [psnr(wanted, picture), float(lpips(to_tensor(wanted), to_tensor(picture)))]
            rows[quality].append(row)
    print("| quality | pictures | bytes | bits a pixel | PSNR | LPIPS | realism 0: PSNR | LPIPS | AVIF: PSNR | LPIPS |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for quality, those in rows.items():
        bytes_, bpp, *pairs = np.mean(those, 0)
        cells = [f"{value:.2f}" if k % 2 == 0 else f"{value:.3f}" for k, value in enumerate(pairs)]
        print(f"| {quality:g} | {len(those)} | {bytes_:,.0f} | {bpp:.2f} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
