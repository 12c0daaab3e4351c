"""Where a head's patch lies in a picture: five bytes, from which a canonical upright patch is cut and pasted back.

    bits    what                   meaning
    12      x, 12 y                centre at (k + 1/2) / 4096 of the picture's width, height
    8       size                   height of the patch: 2^(1 - k/32) of the picture's longer side, from twice it down to a 126th
    8       angle                  k / 256 of a turn that the patch's horizontal is turned by, clockwise as seen

In a patch the eyes of an upright frontal face are level, 10/23 of the height from the top and 5/23 of it apart: hair above and
the chin below fit in. All values of the five bytes are placements; every centre is inside the picture.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

import numpy as np

from intaglio.faces import warp
from intaglio.faces.detector import Face
from intaglio.faces.warp import Array, Rgb

BYTES = 5
PLACES = 1 << 12
OCTAVE = 32  # steps of the size that halve it
LARGEST = 2.0  # height of a patch over the picture's longer side, at step 0
TURN = 256
HEIGHT = 4.6  # of a patch, in distances of the eyes of a frontal face
EYES = 2.0  # from its top to the eyes, in the same


@dataclass(frozen=True)
class Placement:
    """A head in a picture, as integers: x, y 0..4095, size and angle 0..255 (see the table above)."""

    x: int
    y: int
    size: int
    angle: int

    @classmethod
    def of(cls, face: Face, picture: tuple[int, int]) -> Self:
        """The placement nearest to a face in a picture of (H, W).

        Up is where eyes and mouth say so together, and the larger of their distances gives the size: the eyes of a
        turned head are near each other, and those of a lowered one near the mouth.
        """
        h, w = picture
        eyes, mouth = face.points[:2].mean(0), face.points[3:].mean(0)
        across, down = face.points[1] - face.points[0], mouth - eyes
        unit = max(math.hypot(*across), math.hypot(*down), 1.0)
        axis = across + np.array([down[1], -down[0]])
        angle = math.atan2(axis[1], axis[0])
        away = (HEIGHT / 2 - EYES) * unit
        x, y = eyes[0] - away * math.sin(angle), eyes[1] + away * math.cos(angle)
        step = round(OCTAVE * math.log2(LARGEST * max(h, w) / (HEIGHT * unit)))
        places = (min(max(int(PLACES * at / side), 0), PLACES - 1) for at, side in ((x, w), (y, h)))
        return cls(*places, min(max(step, 0), 255), round(angle / math.tau * TURN) % TURN)

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """The reverse of `to_bytes`; all 5-byte strings are placements."""
        number = int.from_bytes(data, "big")
        return cls(number >> 28, number >> 16 & PLACES - 1, number >> 8 & 255, number & 255)

    def to_bytes(self) -> bytes:
        return (self.x << 28 | self.y << 16 | self.size << 8 | self.angle).to_bytes(BYTES, "big")

    def map(self, size: tuple[int, int], picture: tuple[int, int]) -> Array:
        """(2, 3): pixels of a patch of `size` = (h, w) to those of a picture of (H, W)."""
        h, w = picture
        centre = (self.x + 0.5) / PLACES * w, (self.y + 0.5) / PLACES * h
        height = LARGEST * max(h, w) * 2 ** (-self.size / OCTAVE)
        return warp.similarity(centre, height / size[0], self.angle / TURN * math.tau, size)


def cut(rgb: Rgb, placement: Placement, size: tuple[int, int]) -> Rgb:
    """The patch (h, w, 3) of a picture (H, W, 3); beyond its border the border is repeated."""
    return warp.affine(rgb, placement.map(size, rgb.shape[:2]), size)


def paste_grid(placement: Placement, size: tuple[int, int], picture: tuple[int, int]) -> Array:
    """(2, 3): pixels of a picture of (H, W) to those of the patch of `size` = (h, w), for warping it back."""
    return warp.inverse(placement.map(size, picture))
