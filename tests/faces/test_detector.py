"""The detector: its golden face, faces at any size and place, and agreement with OpenCV's YuNet where that is installed."""

from __future__ import annotations

import os
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from intaglio.faces.detector import detect, iou, raw
from intaglio.faces.warp import Rgb

# From OpenCV 5.0's FaceDetectorYN and yunet_n_640_640.onnx on the bundled portrait: box and five points of its best cell.
GOLDEN_BOX = (178.11, 64.95, 269.47, 176.37)
GOLDEN_POINTS = ((203.35, 103.62), (247.52, 104.45), (224.10, 127.69), (203.96, 143.14), (242.91, 143.67))


@pytest.fixture(scope="module")
def portrait() -> Rgb:
    return np.array(Image.open(Path(str(files("intaglio") / "data" / "astronaut.png"))).convert("RGB"))


def test_one_run_of_the_network_is_what_opencv_makes_of_it(portrait: Rgb) -> None:
    cells = raw(portrait, 0.6)
    best = cells[cells[:, 0].argmax()]
    assert iou(best[1:5], np.array(GOLDEN_BOX)) > 0.99
    np.testing.assert_allclose(best[5:], np.array(GOLDEN_POINTS).ravel(), atol=0.5)


def test_the_portrait_has_one_face(portrait: Rgb) -> None:
    (face,) = detect(portrait)
    assert iou(np.array(face.box), np.array(GOLDEN_BOX)) > 0.8
    assert np.linalg.norm(face.points - GOLDEN_POINTS, axis=1).max() < 7
    assert face.score > 0.9


@pytest.mark.parametrize("side", [192, 2000])
def test_a_face_is_seen_at_any_size(portrait: Rgb, side: int) -> None:
    (face,) = detect(np.array(Image.fromarray(portrait).resize((side, side), Image.Resampling.BICUBIC)))
    assert np.linalg.norm(face.points * 512 / side - GOLDEN_POINTS, axis=1).max() < 8


def test_faces_come_the_largest_first_and_small_ones_when_asked_for(portrait: Rgb) -> None:
    page = np.full((700, 900, 3), 90, np.uint8)
    page[20:276, 20:276] = Image.fromarray(portrait).resize((256, 256))
    page[150:662, 350:862] = portrait
    wide = [face.width for face in detect(page)]
    assert len(wide) == 2 and wide[0] > wide[1]
    assert len(detect(page, smallest=64)) == 1


@pytest.mark.parametrize("shape", [(1, 1, 3), (7, 900, 3), (900, 5, 3)])
def test_where_no_face_is_none_is_seen(shape: tuple[int, int, int]) -> None:
    assert detect(np.full(shape, 128, np.uint8)) == []


def test_noise_is_no_face() -> None:
    assert detect(np.random.default_rng(0).integers(0, 256, (300, 400, 3), dtype=np.uint8)) == []


def test_all_cells_agree_with_opencv(portrait: Rgb) -> None:
    """On the whole portrait and parts of it; `intaglio bench faces` does the same on a folder."""
    pytest.importorskip("cv2")
    from intaglio.bench.face_finding import disagreement

    model = os.environ.get("YUNET_ONNX")
    if not model:
        pytest.skip("YUNET_ONNX does not name yunet_n_640_640.onnx")
    for rgb in (portrait, portrait[:200, 100:350], portrait[20:, ::-1]):
        overlaps, distances = disagreement(rgb, Path(model))
        assert len(overlaps) > 3
        assert min(overlaps) > 0.95
        assert max(distances) < 1
