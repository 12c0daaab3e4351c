"""Fuzz what reads pictures: damaged files of every kind end in pixels or in a PictureError; warnings are allowed.

PYTHONPATH=src python fuzz/fuzz_pictures.py --tries 50000
"""

from __future__ import annotations

import functools
import importlib
import io
import random
import sys
from collections.abc import Sequence

import numpy as np
import seeded
import tifffile
from PIL import Image, ImageCms, PngImagePlugin, features

from intaglio.endings import PLUGINS
from intaglio.image import open_picture, to_rgb

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
        if kind in ONE_OF_A_KIND and not features.check(ONE_OF_A_KIND[kind]):
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
    return files + deep_tiffs(rng) + coloured_pngs(rgb) + of_plugins(rgb)


def deep_tiffs(rng: np.random.Generator) -> list[bytes]:
    """What Pillow does not write: planes, tiles, samples of many types."""
    files = []
    for kind in (np.uint8, np.uint16, np.uint32, np.int16, np.float16, np.float32, np.float64):
        values = (1000 * rng.random((16, 32, 3))).astype(kind)
        for photometric, array in (("rgb", values), ("minisblack", values[..., 0]), ("miniswhite", values[..., 0])):
            for extra in ({}, {"tile": (16, 16)}, {"predictor": True, "compression": "zlib"}):
                if "predictor" not in extra or kind in (np.uint8, np.uint16):
                    file = io.BytesIO()
                    tifffile.imwrite(file, array, photometric=photometric, **extra)
                    files.append(file.getvalue())
        file = io.BytesIO()
        tifffile.imwrite(file, np.moveaxis(values, 2, 0), photometric="rgb", planarconfig="separate")
        files.append(file.getvalue())
    return files


def coloured_pngs(rgb: Image.Image) -> list[bytes]:
    """With chunks that say how colours are meant."""
    primaries = b"".join(n.to_bytes(4, "big") for n in (31270, 32900, 64000, 33000, 21000, 71000, 15000, 6000))
    files = []
    for chunks in ([(b"gAMA", (100000).to_bytes(4, "big"))], [(b"cHRM", primaries)], [(b"cICP", b"\x09\x10\0\1")]):
        info, file = PngImagePlugin.PngInfo(), io.BytesIO()
        for name, data in chunks:
            info.add(name, data)
        rgb.save(file, "PNG", pnginfo=info)
        files.append(file.getvalue())
    return files


def of_plugins(rgb: Image.Image) -> list[bytes]:
    """HEIC and JPEG XL, where their packages are installed."""
    files = []
    for kind, plugin in PLUGINS.items():
        if plugin.installed:
            module = importlib.import_module(plugin.module)
            if kind == "HEIF":
                module.register_heif_opener()
            file = io.BytesIO()
            rgb.save(file, kind)
            files += 4 * [file.getvalue()]
    return files


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
