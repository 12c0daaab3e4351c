"""What `auto` knows before it codes: a portrait, or not, or that both codecs have to be tried."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

from intaglio.codec import Codec
from intaglio.compressor.compressor import Compressor
from intaglio.compressor.config import CompressorConfig
from intaglio.info import codec_of
from intaglio.pipeline import portrait
from intaglio.testing import TinyModel
from intaglio.train import portrait_fit
from intaglio.train.generated import picture
from intaglio.train.pack import tensors
from intaglio.weights import codec_file

CHANNELS = 12  # of the tiny models' lf and h
SURE = {"a portrait": 5.0, "no portrait": -5.0, "not clear": 0.0}  # offsets of a model that says so of every picture


@pytest.fixture(scope="module")
def image() -> Image.Image:
    return Image.fromarray(np.asarray(picture(64, 3)))


@pytest.fixture
def auto(installed: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Codec:
    """Of a FaSDiff that says the same of every picture, or (None) cannot tell."""
    if request.param is not None:
        choice = np.array([0.0] * 2 * CHANNELS + [SURE[request.param]], np.float32)
        path = TinyModel(choice=choice).write(tmp_path / "telling.safetensors")
        monkeypatch.setenv("INTAGLIO_FASDIFF", str(path))
    return Codec("auto", device="cpu")


@pytest.mark.parametrize(("auto", "first"), [("a portrait", "fasdiff"), ("no portrait", "cgdm")], indirect=["auto"])
def test_one_codec_is_tried_where_it_is_clear(auto: Codec, first: str, image: Image.Image) -> None:
    shares: list[float] = []
    data = auto.compress(image, max_bytes=900, effort=1, progress=shares.append)
    assert codec_of(data) == first
    assert data == Codec(first, device="cpu").compress(image, max_bytes=900, effort=1)
    assert sum(shares) == pytest.approx(1)


@pytest.mark.parametrize("auto", ["not clear", None], indirect=True)
def test_both_are_tried_where_it_is_not(auto: Codec, image: Image.Image) -> None:
    """Each reports its half of the work, and the file is one of theirs."""
    shares: list[float] = []
    data = auto.compress(image, max_bytes=900, effort=1, progress=shares.append)
    assert max(shares) == pytest.approx(0.5 / 5) and sum(shares) == pytest.approx(1)  # 5 iterations
    alone = {Codec(name, device="cpu").compress(image, max_bytes=900, effort=1) for name in ("fasdiff", "cgdm")}
    assert len(alone) == 2 and data in alone


@pytest.mark.parametrize("auto", ["no portrait"], indirect=True)
def test_where_the_likelier_has_no_room_the_other_is_taken(auto: Codec, image: Image.Image) -> None:
    sizes = {name: least(Codec(name, device="cpu"), image) for name in ("fasdiff", "cgdm")}
    assert sizes["fasdiff"] < sizes["cgdm"], "the tiny models have changed: choose others"
    assert codec_of(auto.compress(image, max_bytes=sizes["cgdm"])) == "cgdm"
    assert codec_of(auto.compress(image, max_bytes=sizes["cgdm"] - 1)) == "fasdiff"


def least(codec: Codec, image: Image.Image) -> int:
    """Bytes of the smallest file."""
    from intaglio import BudgetError

    with pytest.raises(BudgetError) as caught:
        codec.compress(image, max_bytes=1)
    return caught.value.least


def test_large_pictures_are_looked_at_small() -> None:
    sizes = (256, 256), (40, 9000), (500, 700), (4000, 3000), (8000, 8000)
    assert [portrait.scale(*size) for size in sizes] == [0, 0, 1, 4, 5]


def test_files_keep_it(tmp_path: Path) -> None:
    wanted = np.arange(2 * CHANNELS + 1, dtype=np.float32)
    kept = codec_file.read("fasdiff", TinyModel(choice=wanted).write(tmp_path / "a.safetensors"))
    assert kept.choice is not None and np.array_equal(kept.choice, wanted)
    assert codec_file.read("fasdiff", TinyModel().write(tmp_path / "b.safetensors")).choice is None


def test_it_learns_to_tell_pictures_apart() -> None:
    torch.manual_seed(0)
    cfg = CompressorConfig(fine=16, coarse=24, depth=1, y=16, h=8, lf=4, width=16, cond=16, encoder=16)
    compressor = Compressor(cfg, lean_encoder=True, trained=False)
    rng = np.random.default_rng(0)

    def cache(dark: bool) -> SimpleNamespace:
        def crop(row: int, top: int, left: int, n: int) -> tuple[torch.Tensor, torch.Tensor]:
            level = (0.3 if dark else 0.6) + 0.2 * float(rng.random())
            return (level + 0.1 * torch.rand(3, 64, 64)).clamp(0, 1), torch.zeros(32, n, n)

        return type("Cache", (SimpleNamespace,), {"__len__": lambda self: 20})(size=64, side=8, crop=crop)

    weights = portrait_fit.fit(compressor, [cache(True), cache(True)], cache(False))  # type: ignore[list-item, arg-type]
    assert weights.shape == (2 * CHANNELS + 1,)
    for dark in (True, False):
        x, z = cache(dark).crop(0, 0, 0, 8)
        assert (portrait.likelihood(tensors(compressor, z[None], x[None])[0], weights) > 0.5) == dark
