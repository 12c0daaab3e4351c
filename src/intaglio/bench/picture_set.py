"""The pictures of a bench: whole, or central squares of one size; by name."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from intaglio.bench.results import BenchError
from intaglio.measures.measure import Rgb

SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".avif"}


def load(folder: Path, size: int | None, limit: int | None) -> dict[str, Rgb]:
    """Pictures (H, W, 3) under a folder by their names, turned upright; with `size`, central squares scaled to it."""
    from PIL import Image, ImageOps

    from intaglio.image import open_picture

    files = sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES)[:limit]
    if not files:
        raise BenchError(f"there are no pictures in {folder} ({', '.join(sorted(SUFFIXES))})")
    pictures = {}
    for file in files:
        image = ImageOps.exif_transpose(open_picture(file)).convert("RGB")
        if size:
            side = min(image.size)
            left, top = (image.width - side) // 2, (image.height - side) // 2
            image = image.crop((left, top, left + side, top + side)).resize((size, size), Image.Resampling.LANCZOS)
        name = file.relative_to(folder).with_suffix("").as_posix()
        if name in pictures:
            raise BenchError(f"{folder} has several pictures called {name}: rename all but one")
        pictures[name] = np.array(image)
    return pictures


def digest(pictures: dict[str, Rgb]) -> str:
    """Of all pixels: the same for the same pictures."""
    pixels = hashlib.sha256()
    for name, rgb in pictures.items():
        pixels.update(f"{name}{rgb.shape}".encode() + rgb.tobytes())
    return pixels.hexdigest()[:16]
