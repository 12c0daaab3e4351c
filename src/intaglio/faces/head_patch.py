"""Patches of faces: cut out of a picture into an upright frame, and pasted back so that no seam shows.

All coordinates are edges from 0, as in `detector`; the middle of the first pixel is (0.5, 0.5).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from intaglio.faces import warp
from intaglio.faces.warp import Rgb
from intaglio.format.faces import FRAME, Placement

if TYPE_CHECKING:
    from intaglio.faces.detector import Face

Affine: TypeAlias = tuple[float, float, float, float, float, float]

WIDE = 1.9  # a patch's width, in distances from eye to eye, or from eyes to mouth where a turned head has near eyes
BELOW = 0.4  # its middle lies so far below the eyes, in the same
RIM = 0.14  # of a patch's sides, over which it fades into its surroundings
CALM = 8, 10  # columns and rows of the low band that is held to the surroundings near the rim


def place(face: Face, height: int, width: int) -> Placement:
    """The placement of a face's patch in a picture (height, width), at scale 0."""
    eyes, mouth = face.points[:2].mean(0), face.points[3:].mean(0)
    across, down = face.points[1] - face.points[0], mouth - eyes
    unit = max(math.hypot(*across), math.hypot(*down), 1.0)
    axis = across + np.array([down[1], -down[0]])  # upright is what eyes and mouth say together
    turn = math.atan2(axis[1], axis[0])
    middle = eyes + BELOW * unit * np.array([-math.sin(turn), math.cos(turn)])
    return Placement(
        _limited(middle[0] / width * 4096 - 0.5, 4095),
        _limited(middle[1] / height * 4096 - 0.5, 4095),
        _limited(224 + 28 * math.log2(WIDE * unit / max(height, width)), 255),
        round(turn / math.tau * 64) % 64,
        0,
    )


def _limited(value: float, most: int) -> int:
    return min(max(round(value), 0), most)


def cut(rgb: Rgb, placement: Placement) -> Rgb:
    """The patch (rows, columns, 3) of a placement in a picture (H, W, 3); what lies outside of that is its edge, repeated."""
    return warp.affine(rgb, _matrix(placement, (rgb.shape[0], rgb.shape[1])), FRAME)


def _matrix(placement: Placement, size: tuple[int, int]) -> warp.Array:
    """(2, 3): pixels of the patch to those of a picture of `size` (H, W)."""
    rows, columns = FRAME
    a, b, c, d, e, f = placement.affine(*size)
    return np.array([[a / columns, b / rows, c], [d / columns, e / rows, f]])


def bounds(placement: Placement, height: int, width: int) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of what a patch touches in a picture (height, width); empty where that is nothing."""
    sides = _bounds(placement.affine(height, width))
    left, top, right, bottom = (min(max(side, 0), most) for side, most in zip(sides, (width, height, width, height)))
    return left, top, right, bottom


def paste(ground: Rgb, patch: Rgb, placement: Placement, size: tuple[int, int], corner: tuple[int, int]) -> None:
    """Puts a drawn patch (rows, columns, 3) into a picture of `size` (H, W), in place.

    Its low band is moved to the ground's at the rim, and it fades over the last of it.

    Args:
        ground: the part (h, w, 3) of the picture that begins at `corner` (left, top); the patch's bounds are inside.
    """
    left, top, right, bottom = bounds(placement, *size)
    if left >= right or top >= bottom:
        return
    back = warp.inverse(_matrix(placement, size))
    back[:, 2] += back[:, :2] @ (left, top)
    matrix = tuple(back.ravel().tolist())
    rows, columns = patch.shape[:2]
    covered = right - left, bottom - top
    under = ground[top - corner[1] : bottom - corner[1], left - corner[0] : right - corner[0]]
    fade, near = (
        _warped(mask, matrix, covered)[..., None] for mask in (_rim(rows, columns, RIM), _rim(rows, columns, 2 * RIM))
    )
    drawn = np.stack([_warped(patch[..., i].astype(np.float32), matrix, covered) for i in range(3)], 2)
    strayed = np.where(fade > 0, under - drawn, 0)
    drawn += _low_band(strayed, fade) * (1 - near)
    under[:] = np.clip(np.rint(under + (drawn - under) * fade), 0, 255).astype(np.uint8)


def _bounds(affine: Affine) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of whole pixels that a patch touches, and two more around them."""
    a, b, c, d, e, f = affine
    across, down = (c, c + a, c + b, c + a + b), (f, f + d, f + e, f + d + e)
    return (
        math.floor(min(across)) - 2, math.floor(min(down)) - 2,
        math.ceil(max(across)) + 2, math.ceil(max(down)) + 2,
    )  # fmt: skip


def _rim(rows: int, columns: int, width: float) -> NDArray[np.float32]:
    """(rows, columns): 0 at the border, smoothly 1 from `width` of the sides inward."""
    down, across = (np.minimum(np.arange(n) + 0.5, n - 0.5 - np.arange(n)) / (width * n) for n in (rows, columns))
    ramp = np.minimum(1, np.minimum(down[:, None], across[None])).astype(np.float32)
    return ramp * ramp * (3 - 2 * ramp)


def _warped(plane: NDArray[np.float32], matrix: tuple[float, ...], size: tuple[int, int]) -> NDArray[np.float32]:
    """A plane as it lies in the picture, 0 where it does not."""
    image = Image.fromarray(plane)
    return np.asarray(image.transform(size, Image.Transform.AFFINE, matrix, Image.Resampling.BICUBIC))


def _low_band(strayed: NDArray[np.float32], weight: NDArray[np.float32]) -> NDArray[np.float32]:
    """The smooth part of (h, w, 3), of what has a weight (h, w, 1)."""
    size = strayed.shape[1], strayed.shape[0]

    def smooth(plane: NDArray[np.float32]) -> NDArray[np.float32]:
        small = Image.fromarray(np.ascontiguousarray(plane)).resize(CALM, Image.Resampling.BOX)
        return np.asarray(small.resize(size, Image.Resampling.BICUBIC), np.float32)

    total = np.maximum(smooth((weight[..., 0] > 0).astype(np.float32)), np.float32(0.2))
    return np.stack([smooth(strayed[..., i]) / total for i in range(3)], 2)
