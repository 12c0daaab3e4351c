"""What `auto` knows before it codes: a portrait, or not, or that both codecs have to be tried."""

from __future__ import annotations

import runpy
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from intaglio.pipeline.latent_codec import LatentCodec
from PIL import Image

from intaglio.codec import Codec
from intaglio.compressor.compressor import Compressor, CompressorConfig
from intaglio.errors import BudgetError
from intaglio.info import codec_of
from intaglio.pipeline import choose as choice
from intaglio.train import portrait_fit as training
from intaglio.train.generated import picture
from intaglio.weights import codec_file as weights

write = runpy.run_path(str(Path(__file__).with_name("tiny.py")))["write"]
CHANNELS = 12  # of the tiny models' lf and h


@pytest.fixture
def auto(monkeypatch: pytest.MonkeyPatch, tiny: Path, tiny_cgdm: Path) -> Codec:
    for codec, path in (("fasdiff", tiny), ("cgdm", tiny_cgdm)):
        monkeypatch.setenv(weights.ENVIRONMENT[codec], str(path))
    return Codec("auto", device="cpu")


@pytest.fixture(scope="module")
def image() -> Image.Image:
    return Image.fromarray(np.asarray(picture(64, 3)))


def told(auto: Codec, offset: float) -> None:
    """A model that is as sure as that of every picture."""
    codec = auto._codecs["fasdiff"]
    codec.weights = replace(codec.weights, choice=np.array([0.0] * 2 * CHANNELS + [offset], np.float32))


def counted(auto: Codec, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the codecs that code, in order."""
    tried: list[str] = []
    compress = LatentCodec.compress

    def counting(self: LatentCodec, *given: object) -> object:
        tried.append(self.weights.codec)
        return compress(self, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(LatentCodec, "compress", counting)
    return tried


@pytest.mark.parametrize(("offset", "first"), [(5.0, "fasdiff"), (-5.0, "cgdm")])
def test_one_codec_is_tried_where_it_is_clear(
    auto: Codec, image: Image.Image, monkeypatch: pytest.MonkeyPatch, offset: float, first: str
) -> None:
    told(auto, offset)
    tried, shares = counted(auto, monkeypatch), []
    data = auto.compress(image, max_bytes=900, effort=1, progress=shares.append)
    assert tried == [first]
    assert codec_of(data) == first
    assert data == Codec(first, device="cpu").compress(image, max_bytes=900, effort=1)
    assert sum(shares) == pytest.approx(1)


@pytest.mark.parametrize("offset", [0.0, None])
def test_both_are_tried_where_it_is_not(
    auto: Codec, image: Image.Image, monkeypatch: pytest.MonkeyPatch, offset: float | None
) -> None:
    if offset is not None:
        told(auto, offset)
    tried = counted(auto, monkeypatch)
    auto.compress(image, max_bytes=900)
    assert tried == ["fasdiff", "cgdm"]


def test_where_the_likelier_has_no_room_the_other_is_taken(
    auto: Codec, image: Image.Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    told(auto, -5)

    def full(*given: object) -> None:
        raise BudgetError("the payload takes 99 bytes at least", 99)

    monkeypatch.setattr(auto._codecs["cgdm"], "compress", full)
    assert codec_of(auto.compress(image, max_bytes=900)) == "fasdiff"


def test_large_pictures_are_looked_at_small() -> None:
    assert [choice.scale(*size) for size in ((256, 256), (40, 9000), (500, 700), (4000, 3000), (8000, 8000))] == [
        0, 0, 1, 3, 3,
    ]  # fmt: skip


def test_files_keep_it(tmp_path: Path) -> None:
    path, wanted = tmp_path / "a.safetensors", np.arange(2 * CHANNELS + 1, dtype=np.float32)
    write(path, choice=wanted)
    read = weights.read("fasdiff", path)
    assert read.choice is not None and np.array_equal(read.choice, wanted)
    weights.load_model(read)
    write(path)
    assert weights.read("fasdiff", path).choice is None


def test_it_learns_to_tell_pictures_apart() -> None:
    torch.manual_seed(0)
    compressor = Compressor(
        CompressorConfig(fine=16, coarse=24, depth=1, y=16, h=8, lf=4, width=16, cond=16, encoder=16)
    )
    rng = np.random.default_rng(0)

    def cache(dark: bool) -> SimpleNamespace:
        def crop(row: int, top: int, left: int, n: int) -> tuple[torch.Tensor, torch.Tensor]:
            level = (0.3 if dark else 0.6) + 0.2 * float(rng.random())
            return (level + 0.1 * torch.rand(3, 64, 64)).clamp(0, 1), torch.zeros(32, n, n)

        return type("Cache", (SimpleNamespace,), {"__len__": lambda self: 20})(size=64, crop=crop)

    made = training.fit(compressor, [cache(True), cache(True)], cache(False))  # type: ignore[list-item, arg-type]
    assert made.shape == (2 * CHANNELS + 1,)
    for dark in (True, False):
        x, z = cache(dark).crop(0, 0, 0, 8)
        tensors = training.export.tensors(compressor, z[None], x[None])[0]
        assert (choice.portrait(tensors, made) > 0.5) == dark
