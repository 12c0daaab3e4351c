"""Other sizes of (H, W, 3) uint8."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Rgb = NDArray[np.uint8]  # (H, W, 3), sRGB


def pad(rgb: Rgb, multiple: int) -> Rgb:
    """Repeats the last column and row until both sides are multiples: (H, W, 3) to (H', W', 3)."""
    h, w = rgb.shape[:2]
    return np.pad(rgb, ((0, -h % multiple), (0, -w % multiple), (0, 0)), mode="edge")


def shrink(rgb: Rgb, scale: int) -> Rgb:
    """Lanczos to ceil(side / 2**scale), scale 0 to 3; scale 0 is the picture itself."""
    h, w = (-(-side // 2**scale) for side in rgb.shape[:2])
    return _resize(rgb, (h, w), Image.Resampling.LANCZOS)


def limit(rgb: Rgb, side: int) -> Rgb:
    """Lanczos to a longer side of `side`; a smaller picture is itself."""
    h, w = rgb.shape[:2]
    if max(h, w) <= side:
        return rgb
    return _resize(
        rgb, (max(1, round(h * side / max(h, w))), max(1, round(w * side / max(h, w)))), Image.Resampling.LANCZOS
    )


def enlarge(rgb: Rgb, size: tuple[int, int]) -> Rgb:
    """Bicubic to `size` = (H, W)."""
    return _resize(rgb, size, Image.Resampling.BICUBIC)


def _resize(rgb: Rgb, size: tuple[int, int], resampling: Image.Resampling) -> Rgb:
    if rgb.shape[:2] == size:
        return rgb
    return np.array(Image.fromarray(rgb).resize(size[::-1], resampling))
