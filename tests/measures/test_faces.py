"""Measures of faces: their arithmetic on a machine without dlib, and on a drawn face where dlib is."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray

from intaglio.measures.detection import Detection
from intaglio.measures.dlib_faces import REMEMBERED, Album, Box, Faces, album
from intaglio.measures.facenet import SIDE, FaceNetDistance, crop
from intaglio.measures.identity import IdentityDistance
from intaglio.measures.landmark_shift import LandmarkShift, movement
from intaglio.measures.optional import Unavailable

Rgb = NDArray[np.uint8]


class Fake:
    """Finds a face at the place that the first sample says, none at 0, and counts how often it is asked."""

    asked = 0

    def all(self, rgb: Rgb) -> list[Box]:
        self.asked += 1
        at = int(rgb[0, 0, 0])
        return [Box(200, 200, 309, 309), Box(at, 0, at + 99, 99)] if at else []

    def descriptor(self, rgb: Rgb, box: Box) -> NDArray[np.float64]:
        return np.array([float(rgb[0, 0, 0]), float(box.left)])


def picture(at: int) -> Rgb:
    return np.full((4, 4, 3), at, np.uint8)


def test_overlap() -> None:
    a = Box(0, 0, 9, 9)
    assert a.area == 100 and a.overlap(a) == 1
    assert a.overlap(Box(5, 0, 14, 9)) == pytest.approx(50 / 150)
    assert a.overlap(Box(10, 0, 19, 9)) == 0 and a.overlap(Box(-30, -30, -20, -20)) == 0


def test_found_means_found_there() -> None:
    class Single(Fake):
        def all(self, rgb: Rgb) -> list[Box]:
            return super().all(rgb)[1:]

    m = Detection(Album(cast("Faces", Single())))
    there = {at: m.compare(m.describe(picture(10)), m.describe(picture(at))) for at in (10, 52, 53, 0)}
    assert there == {10: 1, 52: 1, 53: 0, 0: 0}  # 58 of 142 columns are common at 52, 57 of 143 at 53
    assert m.compare(m.describe(picture(0)), m.describe(picture(10))) is None


def test_found_beside_a_larger_one_is_found() -> None:
    class Swapped(Fake):
        def all(self, rgb: Rgb) -> list[Box]:
            boxes = super().all(rgb)
            return boxes[::-1] if rgb[0, 0, 0] == 11 else boxes

    m = Detection(Album(cast("Faces", Swapped())))
    assert m.compare(m.describe(picture(11)), m.describe(picture(10))) == 1


def test_one_description_for_all_measures() -> None:
    fake = Fake()
    shared = Album(cast("Faces", fake))
    identity, detection = IdentityDistance(shared), Detection(shared)
    first, second = (m.describe(picture(10).copy()) for m in (identity, detection))
    assert first is second
    other = identity.describe(picture(30))
    # In the original's box, whatever the decoded picture's would be: only the first number differs.
    assert identity.compare(first, other) == 20 and detection.compare(first, other) == 1
    assert identity.compare(first, other) == 20 and fake.asked == 2
    for k in range(REMEMBERED):
        shared.describe(picture(100 + k))
    assert shared.describe(picture(10)) is not first


def test_movement_of_landmarks() -> None:
    points = np.zeros((68, 2))
    points[36:42], points[42:48] = (10, 20), (60, 20)
    assert movement(points, points + np.array([3, 4])) == pytest.approx(5 / 50)
    assert movement(np.zeros((68, 2)), points) is None


def test_crop_is_whitened_and_stays_inside() -> None:
    rgb = np.random.default_rng(4).integers(0, 256, (90, 70, 3)).astype(np.uint8)
    x = crop(rgb, Box(-20, 10, 50, 200))
    assert x.shape == (1, 3, SIDE, SIDE) and abs(x.mean()) < 1e-4 and x.std() == pytest.approx(1, abs=1e-3)
    np.testing.assert_array_equal(x, crop(rgb, Box(0, 10, 50, 89)))
    assert not crop(np.full_like(rgb, 7), Box(0, 0, 20, 20)).any()


@pytest.fixture(scope="module")
def real() -> Album:
    try:
        return album()
    except Unavailable as e:
        pytest.skip(str(e))


def spoiled(rgb: Rgb) -> Rgb:
    return np.repeat(np.repeat(rgb[::4, ::4], 4, 0), 4, 1)


def values(m: Any, *pairs: tuple[Rgb, Rgb]) -> list[float | None]:
    return [m.compare(m.describe(a), m.describe(b)) for a, b in pairs]


def test_a_drawn_face(real: Album, drawing: Rgb, original: Rgb) -> None:
    bad, grey = spoiled(drawing), np.full_like(drawing, 128)
    box = real.faces.find(drawing)
    assert box and box.overlap(Box(46, 64, 201, 219)) > 0.9  # dlib 20.0.1; another Pillow may draw other edges
    assert real.faces.find(original) is None and real.faces.landmarks(drawing, box).shape == (68, 2)
    pairs = (drawing, drawing), (drawing, bad), (drawing, grey), (grey, drawing)
    for m in (IdentityDistance(real), LandmarkShift(real)):
        same, near, far, none = values(m, *pairs)
        assert same == 0 and none is None
        assert near is not None and far is not None and 0 < near < far
    assert values(Detection(real), *pairs) == [1, 1, 0, None]
    # dlib 20.0.1 called by other code on the same two pictures: 0.2134
    assert values(IdentityDistance(real), pairs[1]) == [pytest.approx(0.2134, abs=0.01)]


def test_a_second_recogniser(real: Album, drawing: Rgb) -> None:
    try:
        m = FaceNetDistance(real)
    except Unavailable as e:
        pytest.skip(str(e))
    bad, grey = spoiled(drawing), np.full_like(drawing, 128)
    same, near, far, none = values(m, (drawing, drawing), (drawing, bad), (drawing, grey), (grey, drawing))
    assert same == pytest.approx(0, abs=1e-6) and none is None
    assert near is not None and far is not None and 1e-4 < near < far <= 2
