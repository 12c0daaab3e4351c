"""Pictures cut out turned, scaled and shifted, in one resampling that neither blurs nor aliases.

An affine map is (2, 3): pixels (u, v) of what is cut to pixels (x, y) of the picture, edges from 0 in both: the middle of
the first pixel is (0.5, 0.5). Where the cut shrinks, it is sampled (cubic) at least as densely as the picture's own pixels,
and the denser samples go through one Lanczos filter at the wanted spacing. The picture's border is repeated beyond it.
"""

from __future__ import annotations

import math
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Rgb: TypeAlias = NDArray[np.uint8]
Array: TypeAlias = NDArray[np.float64]

DENSE = 4  # picture pixels a wanted pixel: over twice that, whole blocks are averaged first
REACH = 3  # pixels beyond the cut that its filters see


def similarity(centre: tuple[float, float], scale: float, angle: float, size: tuple[int, int]) -> Array:
    """The map of a cut of `size` = (H, W) whose middle lies at `centre` (x, y) of the picture.

    Args:
        scale: picture pixels a pixel of the cut.
        angle: radians that the cut's horizontal is turned by, clockwise as seen.
    """
    c, s = scale * math.cos(angle), scale * math.sin(angle)
    h, w = size
    return np.array([[c, -s, centre[0] - (c * w - s * h) / 2], [s, c, centre[1] - (s * w + c * h) / 2]])


def inverse(matrix: Array) -> Array:
    """The map back: pixels of the picture to pixels of the cut."""
    back = np.linalg.inv(matrix[:, :2])
    return np.concatenate([back, -back @ matrix[:, 2:]], 1)


def affine(rgb: Rgb, matrix: Array, size: tuple[int, int]) -> Rgb:
    """A cut (h, w, 3) of `size` = (h, w) out of a picture (H, W, 3)."""
    h, w = size
    scale = _scale(matrix)
    block = max(1, int(scale / DENSE))
    image, inner = _around(rgb, matrix, size, block, REACH * max(block, math.ceil(scale)))
    more = math.ceil(scale / block - 1e-6)
    inner[:, :2] /= more
    image = image.transform((w * more, h * more), Image.Transform.AFFINE, _flat(inner), Image.Resampling.BICUBIC)
    return np.array(image if more == 1 else image.resize((w, h), Image.Resampling.LANCZOS))


def glance(rgb: Rgb, matrix: Array, size: tuple[int, int]) -> Rgb:
    """The same for a network that only looks, ten times as fast: means of whole blocks, bilinear between them."""
    block = max(1, round(_scale(matrix)))
    image, inner = _around(rgb, matrix, size, block, 2 * block)
    return np.asarray(image.transform(size[::-1], Image.Transform.AFFINE, _flat(inner), Image.Resampling.BILINEAR))


def _around(rgb: Rgb, matrix: Array, size: tuple[int, int], block: int, margin: int) -> tuple[Image.Image, Array]:
    """What a cut is made of, `margin` pixels more around it, as means of blocks; and the map of the cut to that."""
    h, w = size
    corners = matrix @ np.array([[0, w, 0, w], [0, 0, h, h], [1, 1, 1, 1]])
    low, high = np.floor(corners.min(1)).astype(int) - margin, np.ceil(corners.max(1)).astype(int) + margin
    columns, rows = (np.clip(np.arange(low[k], high[k]), 0, rgb.shape[1 - k] - 1) for k in (0, 1))
    image = Image.fromarray(rgb.take(rows, 0).take(columns, 1))
    inner = matrix.copy()
    inner[:, 2] -= low
    return (image.reduce(block) if block > 1 else image), inner / block


def _scale(matrix: Array) -> float:
    """Pixels of the picture a pixel of the cut."""
    return math.sqrt(abs(np.linalg.det(matrix[:, :2])))


def _flat(matrix: Array) -> tuple[float, ...]:
    return tuple(matrix.ravel().tolist())


def outside(matrix: Array, size: tuple[int, int], picture: tuple[int, int]) -> Array:
    """How far each pixel (h, w) of a cut lies outside a picture of (H, W), in pixels of the picture; 0 inside."""
    v, u = np.mgrid[: size[0], : size[1]] + 0.5
    place = np.einsum("ij,jhw->ihw", matrix[:, :2], np.stack([u, v])) + matrix[:, 2, None, None]
    limits = np.array([picture[1], picture[0]])[:, None, None]
    beyond: Array = np.maximum(np.maximum(-place, place - limits), 0)
    return np.hypot(beyond[0], beyond[1])
