"""Faces in pictures: dlib's detector, its points and its recogniser (King 2009, 2017), and one description for all measures.

Networks: the package face-recognition-models, located without importing it (that needs a setuptools of the past).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from functools import cache, cached_property
from hashlib import blake2b
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from intaglio.measures.measure import Rgb
from intaglio.measures.optional import data_of, require

Array = NDArray[np.float64]
T = TypeVar("T")

SMALL = 600  # pixels of the shorter side: below, the detector, which finds faces from 80 pixels on, sees it doubled
REMEMBERED = 8  # pictures


class Box(NamedTuple):
    """Where a face is, in pixels, the last of them included; it may reach over the picture's edge."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def area(self) -> int:
        return max(0, self.right - self.left + 1) * max(0, self.bottom - self.top + 1)

    def overlap(self, other: Box) -> float:
        """Intersection over union, 0 to 1."""
        corners = (*map(max, self[:2], other[:2]), *map(min, self[2:], other[2:]))
        common = Box(*corners).area
        return common / (self.area + other.area - common)


class Faces:
    """dlib's networks."""

    def __init__(self) -> None:
        self.dlib: Any = require("dlib", "dlib-bin")
        five, many, recogniser = (
            str(data_of("face_recognition_models", "face-recognition-models", "models", f"{name}.dat"))
            for name in (
                "shape_predictor_5_face_landmarks",
                "shape_predictor_68_face_landmarks",
                "dlib_face_recognition_resnet_model_v1",
            )
        )
        self.detector = self.dlib.get_frontal_face_detector()
        self.five, self.many = self.dlib.shape_predictor(five), self.dlib.shape_predictor(many)
        self.recogniser = self.dlib.face_recognition_model_v1(recogniser)

    def all(self, rgb: Rgb) -> list[Box]:
        """Every face that is detected, the largest first."""
        rectangles = self.detector(np.ascontiguousarray(rgb), int(min(rgb.shape[:2]) < SMALL))
        boxes = [Box(r.left(), r.top(), r.right(), r.bottom()) for r in rectangles]
        return sorted(boxes, key=lambda box: -box.area)

    def find(self, rgb: Rgb) -> Box | None:
        """The largest face."""
        return next(iter(self.all(rgb)), None)

    def descriptor(self, rgb: Rgb, box: Box) -> Array:
        """Who is pictured in the box (128,): under 0.6 apart is the same person."""
        rgb = np.ascontiguousarray(rgb)
        return np.array(self.recogniser.compute_face_descriptor(rgb, self.five(rgb, self.dlib.rectangle(*box))))

    def landmarks(self, rgb: Rgb, box: Box) -> Array:
        """68 points of the face in the box (68, 2), x and y in pixels, in iBUG's order."""
        points = self.many(np.ascontiguousarray(rgb), self.dlib.rectangle(*box)).parts()
        return np.array([(p.x, p.y) for p in points], dtype=np.float64)


class Face:
    """One picture as all measures of faces describe it; each thing is computed when first asked for, and once."""

    def __init__(self, faces: Faces, rgb: Rgb) -> None:
        self.faces, self.rgb = faces, rgb
        self._known: dict[tuple[Any, Box], Any] = {}

    @cached_property
    def boxes(self) -> list[Box]:
        return self.faces.all(self.rgb)

    @property
    def box(self) -> Box | None:
        return self.boxes[0] if self.boxes else None

    def inside(self, what: Callable[[Rgb, Box], T], box: Box) -> T:
        """`what` of this picture in a box, which may be another picture's."""
        if (what, box) not in self._known:
            self._known[what, box] = what(self.rgb, box)
        known: T = self._known[what, box]
        return known


class Album:
    """Hands out the description of a picture; measures that share an album share it."""

    def __init__(self, faces: Faces) -> None:
        self.faces = faces
        self._last: OrderedDict[bytes, Face] = OrderedDict()

    def describe(self, rgb: Rgb) -> Face:
        key = blake2b(repr(rgb.shape).encode() + rgb.tobytes()).digest()
        face = self._last.pop(key, None) or Face(self.faces, rgb)
        self._last[key] = face
        if len(self._last) > REMEMBERED:
            self._last.popitem(last=False)
        return face


@cache
def album() -> Album:
    """The one album of this process: dlib's networks are loaded once."""
    return Album(Faces())


class FaceMeasure:
    """What all measures of faces have in common: one description of a picture, shared through the album."""

    def __init__(self, album: Album) -> None:
        self.album = album

    def describe(self, rgb: Rgb) -> Face:
        return self.album.describe(rgb)
