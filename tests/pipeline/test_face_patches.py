"""Faces coded apart: when, that they come back where they were, and that a box is a part of the whole."""

from __future__ import annotations

from importlib.resources import files

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from intaglio import FormatError, compress, decompress, inspect
from intaglio.codec import Codec
from intaglio.faces import head_patch
from intaglio.faces.detector import detect
from intaglio.format import peek

BYTES = 700


@pytest.fixture(scope="module")
def astronaut() -> Image.Image:
    return Image.open(str(files("intaglio") / "data" / "astronaut.png")).convert("RGB")


@pytest.fixture(scope="module")
def codec() -> Codec:
    return Codec("fasdiff")


@pytest.fixture(scope="module")
def data(codec: Codec, astronaut: Image.Image) -> bytes:
    return codec.compress(astronaut, max_bytes=BYTES)


def levels(image: Image.Image) -> NDArray[np.int64]:
    return np.asarray(image.convert("RGB")).astype(np.int64)


def test_a_portrait_in_its_surroundings_keeps_its_face(codec: Codec, astronaut: Image.Image, data: bytes) -> None:
    assert len(data) <= BYTES and inspect(data).chunks == ["faces"]
    (left, top), (right, bottom) = (
        edge(detect(np.asarray(astronaut))[0].points, 0).astype(int) for edge in (np.min, np.max)
    )
    plain = codec.compress(astronaut, max_bytes=BYTES, focus="off")
    errors = [
        np.abs(levels(codec.decompress(file, realism=0)) - levels(astronaut))[top:bottom, left:right].mean()
        for file in (data, plain)
    ]
    assert inspect(plain).chunks == [] and errors[0] < 0.8 * errors[1]
    assert len(detect(np.asarray(codec.decompress(data, steps=1)))) == 1


def test_one_interrupt_ends_the_refinement_of_face_and_ground(astronaut: Image.Image) -> None:
    codec, shares = (
        Codec("fasdiff", device="cpu"),
        list[float](),
    )  # on a device that is named: by the engine that refines
    data = codec.compress(astronaut, max_bytes=BYTES)

    def progress(share: float) -> None:
        shares.append(share)
        if len(shares) == 1:
            raise KeyboardInterrupt

    with pytest.warns(UserWarning, match="stopped") as said:
        assert codec.compress(astronaut, max_bytes=BYTES, effort=2, progress=progress) == data
    assert len(said) == 1
    shares = [0.0]
    codec.compress(astronaut, max_bytes=BYTES, progress=progress)
    assert sum(shares) == pytest.approx(1)


def test_a_box_is_a_part_of_the_whole(codec: Codec, data: bytes) -> None:
    whole = codec.decompress(data, steps=1)
    for box in ((0, 300, 60, 380), (200, 60, 260, 130), (150, 0, 512, 512)):
        assert np.array_equal(levels(codec.decompress(data, steps=1, box=box)), levels(whole.crop(box)))


def test_a_face_that_fills_the_picture_is_not_coded_apart(codec: Codec, astronaut: Image.Image) -> None:
    assert inspect(codec.compress(astronaut.crop((150, 20, 300, 210)), max_bytes=BYTES)).chunks == []


def test_few_bytes_are_not_divided_among_many(codec: Codec, astronaut: Image.Image) -> None:
    head, group = astronaut.crop((130, 0, 330, 230)), Image.new("RGB", (1280, 640), "grey")
    for i in range(8):
        group.paste(head, (320 * (i % 4), 320 * (i // 4)))
    assert len(detect(np.asarray(group))) == 8
    assert inspect(codec.compress(group, max_bytes=400)).chunks == []
    assert inspect(codec.compress(group, max_bytes=3000)).chunks == ["faces"]


def test_by_quality_bare_and_by_any_codec(codec: Codec, astronaut: Image.Image) -> None:
    small = astronaut.resize((256, 256))
    data = codec.compress(small, quality=30, bare=True)
    assert peek(data, bare=True).faces is not None
    assert np.array_equal(levels(Codec("cgdm").decompress(data, bare=True)), levels(codec.decompress(data, bare=True)))
    assert inspect(data, bare=True, sections=True).sections["faces"] > 100


def test_a_cut_file_has_its_ground(codec: Codec, data: bytes) -> None:
    with pytest.raises(FormatError, match="checksum"):
        codec.decompress(data[:-1])
    with pytest.warns(UserWarning, match="of its picture is drawn"):
        assert codec.decompress(data[:-200], steps=1, salvage=True).size == (512, 512)


def test_what_is_cut_and_pasted_is_what_was_there(astronaut: Image.Image) -> None:
    for turn in (0, 20, -20):
        picture = np.asarray(astronaut.rotate(turn, Image.Resampling.BICUBIC, fillcolor="grey"))
        placement = head_patch.place(detect(picture)[0], 512, 512)
        again = picture.copy()
        head_patch.paste(again, head_patch.cut(picture, placement), placement, (512, 512), (0, 0))
        assert np.abs(again.astype(int) - picture).mean() < 0.2
        assert (again == picture).all(2).mean() > 0.7


def test_a_patch_beyond_the_border(codec: Codec, astronaut: Image.Image) -> None:
    picture = astronaut.crop((190, 60, 512, 400))
    data = codec.compress(picture, max_bytes=BYTES)
    assert inspect(data).chunks == ["faces"]
    assert codec.decompress(data, steps=1).size == picture.size


def test_no_faces_where_there_are_none() -> None:
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (128, 128, 3), np.uint8))
    assert inspect(compress(noise, quality=5)).chunks == []
    assert decompress(compress(noise, quality=5), steps=1).size == (128, 128)
