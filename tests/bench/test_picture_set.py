"""Pictures of a bench: names that tell them apart wherever their files go, and kinds that no program is started for."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from intaglio.bench import coded_files, picture_set
from intaglio.bench.results import BenchError
from intaglio.errors import PictureError


def test_every_picture_has_a_place_of_its_own(tmp_path: Path) -> None:
    names = ["face", "face.1", "face.2", "a/b", "a--b", "a%2Fb"]
    places = [coded_files.place(tmp_path, "webp", 5, name) for name in names]
    for i, place in enumerate(places):
        coded_files.store(place, bytes(i), np.full((4, 4, 3), i, np.uint8))
    for i, place in enumerate(places):
        size, decoded = coded_files.read(place)
        assert size == i and (decoded == i).all()


def test_two_pictures_of_one_name(tmp_path: Path) -> None:
    for name in ("x.png", "x.jpg"):
        Image.new("RGB", (8, 8)).save(tmp_path / name)
    with pytest.raises(BenchError, match="several pictures called x"):
        picture_set.load(tmp_path, None, None)


def test_a_program_in_a_pictures_clothes(tmp_path: Path) -> None:
    (tmp_path / "x.png").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\n")
    with pytest.raises(PictureError, match="PostScript, which is not read"):
        picture_set.load(tmp_path, None, None)
