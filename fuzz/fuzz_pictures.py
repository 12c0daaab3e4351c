"""Fuzz what reads pictures: damaged files of every kind end in pixels or in a PictureError; warnings are allowed.

PYTHONPATH=src python fuzz/fuzz_pictures.py --tries 50000
"""

from __future__ import annotations

import functools
import io
import random
import sys
from collections.abc import Sequence

import numpy as np
import seeded
import tifffile
from numpy.typing import NDArray
from PIL import Image, ImageCms, features

from intaglio.image import KINDS, open_picture, to_rgb

MODES = {
    "AVIF": ("RGB", "RGBA"),
    "BMP": ("1", "L", "P", "RGB", "RGBA"),
    "GIF": ("L", "P"),
    "JPEG": ("L", "RGB", "CMYK"),
    "JPEG2000": ("L", "LA", "RGB", "RGBA", "I;16"),
    "PNG": ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"),
    "PPM": ("1", "L", "RGB"),
    "TGA": ("L", "P", "RGB", "RGBA"),
    "TIFF": ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "LAB", "I;16", "I", "F"),
    "WEBP": ("RGB", "RGBA"),
}
ONE_OF_A_KIND = {"AVIF": "avif", "JPEG2000": "jpg_2000", "WEBP": "webp"}  # what Pillow may lack


@functools.cache
def corpus() -> list[bytes]:
    """A small file of every kind and mode, with all that hangs on pictures: profile, EXIF, frames, compressions."""
    rng = np.random.default_rng(0)
    rgb = Image.fromarray(rng.integers(0, 256, (13, 17, 3), np.uint8))
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exif = Image.Exif()
    exif[0x0112] = 6
    files = []
    for kind, modes in MODES.items():
        if kind not in KINDS or (kind in ONE_OF_A_KIND and not features.check(ONE_OF_A_KIND[kind])):
            continue
        for mode in modes:
            image = rgb.convert("RGB" if mode == "LAB" else "L" if mode in ("I;16", "I", "F") else mode)
            if mode == "LAB":
                image = Image.frombytes("LAB", image.size, image.tobytes())
            elif mode in ("I;16", "I", "F"):
                image = image.convert("I" if mode == "I;16" else mode).convert(mode)
            extras: list[dict[str, object]] = [{}]
            if kind in ("JPEG", "PNG", "TIFF", "WEBP", "AVIF"):
                extras.append({"exif": exif, "icc_profile": profile})
            if kind == "TIFF" and mode == "RGB":
                extras += [{"compression": name} for name in ("tiff_lzw", "tiff_deflate", "packbits", "jpeg")]
            if kind in ("GIF", "PNG", "WEBP", "TIFF"):
                extras.append({"save_all": True, "append_images": [image]})
            for extra in extras:
                file = io.BytesIO()
                image.save(file, kind, **extra)
                files.append(file.getvalue())
    return files + deep(np.asarray(rgb))


def deep(rgb: NDArray[np.uint8]) -> list[bytes]:
    """TIFFs that Pillow does not read, of 16 bits, floats, planes and white at zero."""
    files = []
    for samples, kind in (
        (rgb * np.uint16(257), "rgb"),
        (rgb / np.float32(255), "rgb"),
        (rgb[..., 0] * np.uint16(257), "miniswhite"),
    ):
        for compression in (None, "zlib"):
            file = io.BytesIO()
            tifffile.imwrite(file, samples, photometric=kind, compression=compression)
            files.append(file.getvalue())
    file = io.BytesIO()
    tifffile.imwrite(file, np.moveaxis(rgb, -1, 0), photometric="rgb", planarconfig="separate")
    return [*files, file.getvalue()]


def one(rng: random.Random) -> None:
    data = seeded.mutated(rng.choice(corpus()), rng)
    if rng.random() < 0.5:  # most of what matters stands at the beginning
        data = seeded.mutated(data[:200], rng) + data[200:]
    rgb, _ = to_rgb(open_picture(io.BytesIO(data)))
    assert rgb.ndim == 3 and rgb.shape[2] == 3 and rgb.dtype == np.uint8


def main(argv: Sequence[str] | None = None) -> int:
    corpus()
    return seeded.run(one, argv, tries=50_000, megabytes=1500, about=__doc__)


if __name__ == "__main__":
    sys.exit(main())
