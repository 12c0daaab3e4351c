"""Portraits cut as standards want them: the eyes level, at a fixed place, a fixed distance apart.

    token       3:4     ISO/IEC 19794-5, full frontal token image: eyes at .6 of the width from the top, .25 of it apart
    square      1:1     loose, ours: eyes at .42 of the width from the top, .18 apart
    passport    35:45   ISO/IEC 39794-5: eye line at .45 of the height, heads of .75 of it (allowed: .6 to .9), taking a head,
                        crown to chin, for 3.6 distances of the eyes, the mean of adults: eyes .268 of the width apart

Five points say where eyes, nose and mouth are. They say how far a head is turned, roughly; whether eyes are open they do not.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

from intaglio.errors import OptionError, PictureError
from intaglio.faces import warp
from intaglio.faces.detector import Face, detect
from intaglio.faces.points import refine
from intaglio.faces.warp import Array, Rgb

SEARCHED = 24  # pixels from which on faces are seen, to say that they are too small
SMALLEST = 48  # pixels of a face that makes a portrait
ALIKE = 0.7  # width of the second face over the first's from which on nobody can say whose portrait it is
TURNED = 0.35  # offset of the nose from the middle of the face, over its size: more is a head turned some 35 degrees
MISSING = 0.1  # share of a frame beyond the picture's border that is worth a warning
FADE = 1 / 32  # of the frame's width: from there on what lies beyond the border is all blurred
BLUR = 1 / 24  # deviation of that blur, in the same


@dataclass(frozen=True)
class Frame:
    """Where a standard wants the eyes.

    Args:
        size: (H, W) in pixels, by default.
        top: of the eyes, over the width.
        apart: distance of the eyes' centres, over the width.
    """

    size: tuple[int, int]
    top: float
    apart: float


FRAMES = {
    "token": Frame((256, 192), 0.6, 0.25),
    "square": Frame((256, 256), 0.42, 0.18),
    "passport": Frame((270, 210), 0.45 * 45 / 35, 0.75 * 45 / 35 / 3.6),
}


def frame(rgb: Rgb, name: str, *, width: int | None = None, face: int | None = None) -> Rgb:
    """A face of a picture (H, W, 3), framed.

    What lies beyond the picture's border is the border repeated and blurred. A warning says when that is more than a
    tenth of the frame, and when the head is turned far to a side.

    Args:
        name: of `FRAMES`.
        width: pixels; the height follows. By default as in `FRAMES`.
        face: which one, 1 for the largest. By default the largest, if it is clear which that is.

    Raises:
        PictureError: there is no face of 48 pixels or more, several are about as large and `face` does not say which, or
            there are not so many. OptionError: there is no such frame.
    """
    if name not in FRAMES:
        raise OptionError(f"frame is {name!r}, allowed are {', '.join(FRAMES)}")
    wanted = FRAMES[name]
    size = wanted.size if width is None else (round(width * wanted.size[0] / wanted.size[1]), width)
    chosen = refine(rgb, choose(detect(rgb, SEARCHED), face))
    if abs(turn(chosen)) > TURNED:
        warnings.warn("the head is turned far to a side: the frame is meant for frontal portraits", stacklevel=2)
    matrix = place(chosen, wanted, size)
    beyond = warp.outside(matrix, size, rgb.shape[:2])
    missing = float((beyond > 0).mean())
    if missing > MISSING:
        warnings.warn(
            f"{missing:.0%} of the frame lies beyond the picture's border and is made up of it: take a picture with more "
            "around the head",
            stacklevel=2,
        )
    cut = warp.affine(rgb, matrix, size)
    return _fade(cut, beyond / math.hypot(*matrix[:, 0])) if missing else cut


def choose(faces: list[Face], number: int | None) -> Face:
    """The face to frame, of `faces` with the largest first; `number` counts from 1.

    Raises:
        PictureError: as `frame`.
    """
    if not faces:
        raise PictureError("no face is to be seen in the picture: frames are for portraits")
    if number is not None and number > len(faces):
        raise PictureError(f"face {number} is asked for, and the picture shows {len(faces)}: choose 1 to {len(faces)}")
    if number is None:
        alike = sum(face.width >= ALIKE * faces[0].width for face in faces)
        if alike > 1 and faces[0].width >= SMALLEST:
            raise PictureError(
                f"{alike} faces are about as large: frame one of them by its number, 1 (the largest) to {len(faces)}"
            )
    face = faces[(number or 1) - 1]
    if face.width < SMALLEST:
        raise PictureError(
            f"the face is {face.width:.0f} pixels wide, and a portrait needs {SMALLEST}: take a larger picture"
        )
    return face


def turn(face: Face) -> float:
    """How far a head is turned: offset of the nose from the line of eyes' and mouth's middles, over the face's size.

    About 0 seen from the front, and positive where the nose points to the picture's right; at .35 the head is turned by
    some 35 degrees, in profile it is .5 and more.
    """
    eyes, mouth = face.points[:2].mean(0), face.points[3:].mean(0)
    down, nose = mouth - eyes, face.points[2] - eyes
    size = max(math.hypot(*down), math.hypot(*(face.points[1] - face.points[0])), 1.0)
    return float((nose[0] * down[1] - nose[1] * down[0]) / max(math.hypot(*down), 1.0) / size)


def place(face: Face, wanted: Frame, size: tuple[int, int]) -> Array:
    """The map (2, 3) of pixels of a frame of `size` = (h, w) to pixels of the picture."""
    eyes, across = face.points[:2].mean(0), face.points[1] - face.points[0]
    angle = math.atan2(across[1], across[0])
    scale = max(math.hypot(*across), 1.0) / (wanted.apart * size[1])
    away = (size[0] / 2 - wanted.top * size[1]) * scale
    return warp.similarity((eyes[0] - away * math.sin(angle), eyes[1] + away * math.cos(angle)), scale, angle, size)


def _fade(cut: Rgb, beyond: Array) -> Rgb:
    """The cut, blurred where it lies `beyond` the border (h, w), in its pixels."""
    width = cut.shape[1]
    blurred = np.asarray(Image.fromarray(cut).filter(ImageFilter.GaussianBlur(BLUR * width)))
    share = np.clip(beyond / (FADE * width), 0, 1)[..., None]
    return np.rint(cut + share * (blurred.astype(np.float64) - cut)).astype(np.uint8)
