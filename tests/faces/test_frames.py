"""Frames: the eyes where the standards say, and a clear sentence where there is no portrait to be had."""

from __future__ import annotations

import warnings
from importlib.resources import files
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from PIL import Image

from intaglio import Codec, CompressOptions, OptionError, PictureError
from intaglio.cli.main import main
from intaglio.faces.detector import Face, detect
from intaglio.faces.frames import FRAMES, choose, frame, turn
from intaglio.faces.points import refine
from intaglio.faces.warp import Rgb
from intaglio.options import Frame

PORTRAIT = Path(str(files("intaglio") / "data" / "astronaut.png"))


@pytest.fixture(scope="module")
def portrait() -> Rgb:
    return np.array(Image.open(PORTRAIT).convert("RGB"))


def eyes(framed: Rgb) -> np.ndarray:
    return refine(framed, detect(framed)[0]).points[:2]


@pytest.mark.parametrize("degrees", [0, 25])
@pytest.mark.parametrize("name", FRAMES)
def test_eyes_lie_where_they_should(portrait: Rgb, name: str, degrees: float) -> None:
    turned = np.array(Image.fromarray(portrait).rotate(degrees, Image.Resampling.BICUBIC, center=(224, 110)))
    framed = frame(turned, name)
    (h, w), wanted = FRAMES[name].size, FRAMES[name]
    assert framed.shape == (h, w, 3)
    places = [[w / 2 + side * wanted.apart * w / 2, wanted.top * w] for side in (-1, 1)]
    assert np.linalg.norm(eyes(framed) - places, axis=1).max() < 1.5


def test_the_token_frame_is_the_standard_s() -> None:
    assert (FRAMES["token"].size, FRAMES["token"].top, FRAMES["token"].apart) == ((256, 192), 0.6, 0.25)
    assert get_args(Frame) == tuple(FRAMES)


def test_what_is_missing_is_made_up_smoothly_and_said(portrait: Rgb) -> None:
    with pytest.warns(UserWarning, match="of the frame lies beyond the picture's border"):
        framed = frame(portrait[60:180, 150:300], "token", width=384)
    assert framed.shape == (512, 384, 3)
    assert np.abs(np.diff(framed[:12].astype(int), axis=1)).mean() < 2
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        frame(portrait, "token")


def test_no_face_and_too_small_a_face_are_refused(portrait: Rgb) -> None:
    with pytest.raises(PictureError, match="no face is to be seen"):
        frame(np.full((100, 100, 3), 200, np.uint8), "token")
    with pytest.raises(PictureError, match=r"the face is 3\d pixels wide, and a portrait needs 48"):
        frame(np.array(Image.fromarray(portrait).resize((200, 200))), "token")
    with pytest.raises(OptionError, match="frame is 'visa', allowed are token"):
        frame(portrait, "visa")


def test_of_two_alike_one_must_be_chosen(portrait: Rgb) -> None:
    pair = np.concatenate([portrait, portrait[:, ::-1]], 1)
    with pytest.raises(PictureError, match="2 faces are about as large"):
        frame(pair, "square")
    first, second = (frame(pair, "square", face=number).astype(int) for number in (1, 2))
    assert np.abs(first - second).mean() > 10
    with pytest.raises(PictureError, match="face 3 is asked for, and the picture shows 2"):
        frame(pair, "square", face=3)


def test_a_much_smaller_face_is_passed_over() -> None:
    points = np.zeros((5, 2))
    large, small = (Face((0.0, 0.0, side, side), points, 0.9) for side in (100.0, 50.0))
    assert choose([large, small], None) is large


def test_a_turned_head_is_told_from_a_frontal_one() -> None:
    def face(nose: float, apart: float) -> Face:
        points = np.array([[-apart, 0], [apart, 0], [nose, 30], [-apart * 0.8, 55], [apart * 0.8, 55]])
        return Face((-50.0, -40.0, 50.0, 80.0), points, 0.9)

    assert turn(face(0, 28)) == 0
    assert turn(face(25, 15)) > 0.35 > turn(face(10, 26)) > 0
    assert turn(face(-25, 15)) < -0.35


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["frame", str(PORTRAIT), str(tmp_path / "token.png"), "--frame", "token", "--size", "96"]) == 0
    assert Image.open(tmp_path / "token.png").size == (96, 128)
    Image.new("L", (80, 80)).save(tmp_path / "empty.png")
    assert main(["frame", str(tmp_path / "empty.png"), str(tmp_path / "out.png"), "--frame", "token"]) == 2
    assert "no face is to be seen" in capsys.readouterr().err
    assert main(["frame", str(tmp_path / "empty.png"), "--frame", "token", "--force"]) == 2
    assert "would be overwritten by its frame" in capsys.readouterr().err
    assert Image.open(tmp_path / "empty.png").size == (80, 80)


def test_coding_frames_first(tiny_codec: Codec) -> None:
    data = tiny_codec.compress(PORTRAIT, CompressOptions(frame="square", focus="off"))
    assert tiny_codec.decompress(data).size == (256, 256)
    with pytest.raises(OptionError, match="frame is 'visa', allowed are token, square, passport"):
        CompressOptions(frame="visa")  # type: ignore[arg-type]
