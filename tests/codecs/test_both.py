"""CGDM through the API and the command: its files are known from FaSDiff's, large pictures are drawn in patches."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import intaglio
from intaglio.cli.main import main
from intaglio.codec import Codec
from intaglio.errors import BudgetError, IntaglioError
from intaglio.image import to_rgb
from intaglio.info import codec_of, inspect
from intaglio.pipeline.choose import distance
from intaglio.pipeline.coding import Goal
from intaglio.pipeline.encoder import encode
from intaglio.pipeline.model import Model
from intaglio.pipeline.original import Original
from intaglio.priors.unet import CompactPrior
from intaglio.train.generated import picture
from intaglio.weights import codec_file


@pytest.fixture(scope="module")
def image() -> Image.Image:
    return Image.fromarray(np.asarray(picture(96, 3))[:, :50])


@pytest.fixture(scope="module")
def long(tiny_cgdm: Path) -> bytes:
    """The file of a picture of two windows and three patches."""
    image = Image.fromarray(np.asarray(picture(64, 1))).resize((2600, 32))
    return Codec("cgdm", weights=tiny_cgdm, device="cpu").compress(image, quality=30)


def test_files_find_their_codec(installed: None, image: Image.Image, tmp_path: Path) -> None:
    files = {codec: intaglio.compress(image, codec=codec, quality=60) for codec in ("fasdiff", "cgdm")}
    for codec, data in files.items():
        assert codec_of(data) == inspect(data).codec == codec
        assert intaglio.decompress(data, steps=1).size == image.size
        (tmp_path / f"{codec}.itg").write_bytes(data)
    both = Codec("cgdm", device="cpu")  # draws files of either
    assert [both.decompress(data, steps=1).size for data in files.values()] == [image.size] * 2
    assert main(["decompress", str(tmp_path), "--steps", "1", "--decoder", "reference"]) == 0
    assert Image.open(tmp_path / "cgdm.png").size == Image.open(tmp_path / "fasdiff.png").size == image.size


def test_the_command_makes_files_of_either(installed: None, image: Image.Image, tmp_path: Path) -> None:
    image.save(tmp_path / "a.png")
    assert main(["compress", str(tmp_path / "a.png"), "--codec", "cgdm", "--bytes", "900"]) == 0
    data = (tmp_path / "a.itg").read_bytes()
    assert len(data) <= 900
    assert set(inspect(data, sections=True).sections) == {"lf", "h", "vector", "y"}


def test_realism_zero_is_steady_and_one_is_not(tiny_cgdm: Path, image: Image.Image) -> None:
    codec = Codec("cgdm", weights=tiny_cgdm, decoder="reference", device="cpu")
    data = codec.compress(image, quality=80)
    draw = lambda **how: to_rgb(codec.decompress(data, **how))[0].astype(int)  # noqa: E731
    assert (draw(realism=0, seed=1) == draw(realism=0, seed=2, steps=1)).all()
    assert (draw(realism=1, seed=1) != draw(realism=1, seed=2)).any()


def test_pictures_larger_than_a_patch(tiny_cgdm: Path) -> None:
    codec = Codec("cgdm", weights=tiny_cgdm, decoder="reference", device="cpu")
    wide = Image.fromarray(np.asarray(picture(64, 1))).resize((1060, 40))
    data = codec.compress(wide, quality=30)
    drawn = codec.decompress(data, steps=2)
    assert drawn.size == (1060, 40)
    assert np.array_equal(np.asarray(codec.decompress(data, steps=2)), np.asarray(drawn))


def test_weights_of_the_other_codec_are_refused(tiny: Path) -> None:
    with pytest.raises(IntaglioError, match="where those of 'intaglio-cgdm' are needed"):
        Codec("cgdm", weights=tiny)


def test_auto_keeps_what_comes_nearer(installed: None, image: Image.Image) -> None:
    auto = Codec("auto", decoder="reference", device="cpu")
    limit = 900
    data = auto.compress(image, max_bytes=limit)
    assert len(data) <= limit
    models = [Model(codec_file.read(name), decoder="reference", device="cpu") for name in ("fasdiff", "cgdm")]
    original = Original(to_rgb(image)[0])
    judge = models[0]
    nearness = {}
    for model in models:
        alone = Codec(model.weights.codec, decoder="reference", device="cpu").compress(image, max_bytes=limit)
        size = inspect(alone).payload_bytes
        coding = encode(model, original, Goal(0, lambda scale, size=size: size))
        nearness[alone] = coding.scale, distance(model, coding, original, judge)
    assert len(nearness) == 2
    assert data == min(nearness, key=lambda file: nearness[file])
    assert auto.decompress(data, steps=1).size == image.size
    with pytest.raises(BudgetError, match="3 bytes are too few"):
        auto.compress(image, max_bytes=3)


def test_auto_at_a_quality_gives_both_the_same_bytes(installed: None, image: Image.Image) -> None:
    fasdiff = Codec("fasdiff", decoder="reference", device="cpu").compress(image, quality=60)
    assert len(Codec("auto", decoder="reference", device="cpu").compress(image, quality=60)) <= len(fasdiff)


@pytest.mark.parametrize(("steps", "realism"), [(1, 1.0), (2, 1.0), (4, 0.0)])
@pytest.mark.parametrize("box", [(0, 0, 30, 32), (1300, 5, 1301, 20), (2590, 0, 2600, 31)])
def test_a_part_is_as_in_the_whole(
    tiny_cgdm: Path, long: bytes, box: tuple[int, int, int, int], steps: int, realism: float
) -> None:
    codec = Codec("cgdm", weights=tiny_cgdm, device="cpu")
    whole = np.asarray(codec.decompress(long, steps=steps, realism=realism))
    part = np.asarray(codec.decompress(long, steps=steps, realism=realism, box=box))
    left, top, right, bottom = box
    assert np.array_equal(part, whole[top:bottom, left:right])


def test_a_part_by_the_reference_decoder(tiny_cgdm: Path, long: bytes) -> None:
    codec = Codec("cgdm", weights=tiny_cgdm, decoder="reference", device="cpu")
    part = np.asarray(codec.decompress(long, steps=1, box=(2000, 0, 2040, 32)))
    assert np.array_equal(part, np.asarray(codec.decompress(long, steps=1))[:, 2000:2040])


def test_a_part_draws_fewer_patches(tiny_cgdm: Path, long: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    codec = Codec("cgdm", weights=tiny_cgdm, device="cpu")
    calls = []
    forward = CompactPrior.forward
    monkeypatch.setattr(CompactPrior, "forward", lambda *given: calls.append(0) or forward(*given))
    codec.decompress(long, steps=2)
    whole = len(calls)
    codec.decompress(long, steps=2, box=(0, 0, 8, 8))
    assert (len(calls) - whole) < whole
