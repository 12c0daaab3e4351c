"""The whole codec on a tiny random model: sizes, grey, budgets, quality, seeds, realism; none of it needs real weights."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from intaglio import codec as api
from intaglio.codec import Codec
from intaglio.compressor.base_picture import base_picture
from intaglio.compressor.compressor import Coded
from intaglio.entropy.stream import grid
from intaglio.errors import BudgetError, LimitExceeded, MissingModel, PictureError, WeightsError
from intaglio.format import Header, peek, read, write
from intaglio.info import inspect
from intaglio.priors.noise import field
from intaglio.weights import codec_file as weights

OVERHEAD = 22  # bytes of a file beside its payload: explicit size, custom digest; 18 at a common size


def picture(width: int, height: int, grey: bool = False) -> Image.Image:
    """Smooth, with an edge and some grain: costs neither nothing nor very much."""
    y, x = np.mgrid[:height, :width]
    grain = np.random.default_rng(width * 1000 + height).normal(0, 12, (height, width, 3))
    colours = np.stack([128 + 100 * np.sin(x / 9), 100 + 3.0 * y % 120, 90 + 90 * (x > y)], 2) + grain
    image = Image.fromarray(np.clip(colours, 0, 255).astype(np.uint8))
    return image.convert("L") if grey else image


@pytest.fixture(scope="module")
def tensors(tiny_codec: Codec):
    return tiny_codec._codec.analyse(tiny_codec._codec.features(np.asarray(picture(64, 64))), 0)


@pytest.fixture(scope="module")
def data(tiny_codec: Codec) -> bytes:
    return tiny_codec.compress(picture(64, 64), quality=90)


def pixels(image: Image.Image):
    return np.asarray(image).astype(int)


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (33, 65), (64, 64)])
def test_sizes(tiny_codec: Codec, size: tuple[int, int]) -> None:
    coded = tiny_codec.compress(picture(*size), quality=60)
    drawn = tiny_codec.decompress(coded, steps=1)
    assert drawn.size == size
    assert drawn.mode == "RGB"
    assert len(coded) >= OVERHEAD - 4


def test_grey_in_grey_out(tiny_codec: Codec) -> None:
    drawn = tiny_codec.decompress(tiny_codec.compress(picture(32, 32, grey=True)), steps=1)
    assert drawn.mode == "L"


def test_says_what_it_is(tiny_codec: Codec, data: bytes) -> None:
    xmp = tiny_codec.decompress(data, steps=1).info["xmp"].decode()
    assert "compositeWithTrainedAlgorithmicMedia" in xmp
    assert f"fasdiff-{tiny_codec._codec.weights.decoder}" in xmp


def test_bare(tiny_codec: Codec, data: bytes) -> None:
    bare = tiny_codec.compress(picture(64, 64), quality=90, bare=True)
    assert len(bare) == len(data) - 5
    assert (
        pixels(tiny_codec.decompress(bare, steps=1, bare=True)) == pixels(tiny_codec.decompress(data, steps=1))
    ).all()
    slot = bare + bytes(50)
    tiny_codec.decompress(slot, steps=1, bare=True, length=len(bare))


def test_lists(tiny_codec: Codec) -> None:
    images = [picture(32, 32), picture(33, 20)]
    coded = tiny_codec.compress(images)
    assert coded == [tiny_codec.compress(image) for image in images]
    assert [drawn.size for drawn in tiny_codec.decompress(coded, steps=1)] == [(32, 32), (33, 20)]


@settings(max_examples=10)
@given(budget=st.integers(1, 700))
def test_budget_is_never_exceeded(tiny_codec: Codec, budget: int) -> None:
    image = picture(64, 64)
    try:
        coded = tiny_codec.compress(image, max_bytes=budget)
    except BudgetError as error:
        least, sentence = error.least, str(error)
    else:
        assert len(coded) <= budget
        return
    assert least > budget
    assert str(least) in sentence
    assert len(tiny_codec.compress(image, max_bytes=least)) <= least


def test_least_budget_is_the_least(tiny_codec: Codec) -> None:
    image = picture(64, 64)
    with pytest.raises(BudgetError) as caught:
        tiny_codec.compress(image, max_bytes=1)
    least = caught.value.least
    assert len(tiny_codec.compress(image, max_bytes=least)) == least
    with pytest.raises(BudgetError):
        tiny_codec.compress(image, max_bytes=least - 1)


def test_a_larger_budget_is_used(tiny_codec: Codec) -> None:
    image = picture(64, 64)
    full = len(tiny_codec.compress(image, quality=100))
    coded = tiny_codec.compress(image, max_bytes=full)
    assert peek(coded).scale == 0
    assert peek(coded).quality > 200  # nearly all: bytes are nearly, not quite, monotone


def test_quality_is_monotone(tiny_codec: Codec, tensors) -> None:
    """Bytes rise and the coded tensors come nearer; neighbours may differ by rounding, not these."""
    sizes, errors = [], []
    for q in range(0, 256, 51):
        payload, values = tiny_codec._codec.stream.encode(tensors, q)
        sizes.append(len(payload))
        errors.append(float(np.square(values.floats()["y"] - tensors["y"]).mean()))
    assert sizes == sorted(sizes)
    assert sizes[-1] > 2 * sizes[0] + 20
    assert errors[-1] < errors[0] / 4
    assert all(after <= 1.01 * before for before, after in zip(errors, errors[1:]))


def test_encoder_knows_what_is_decoded(tiny_codec: Codec, tensors) -> None:
    stream = tiny_codec._codec.stream
    payload, values = stream.encode(tensors, 200)
    decoded = stream.decode(payload, 200, 2, 2)
    for name in ("lf", "h", "vector", "y"):
        np.testing.assert_array_equal(getattr(values, name), getattr(decoded, name))


def test_seeds(tiny_codec: Codec, data: bytes) -> None:
    draw = lambda **how: pixels(tiny_codec.decompress(data, **how))  # noqa: E731
    assert (draw(steps=1, seed=1) == draw(steps=1, seed=2)).all()
    four = draw(steps=4, seed=1)
    assert (four == draw(steps=4, seed=1)).all()
    assert (four != draw(steps=4, seed=2)).any()


def test_realism_0_is_the_base_picture(tiny_codec: Codec, data: bytes) -> None:
    codec = tiny_codec._codec
    header, payload = read(data, seed_of=lambda _: codec.stream.seed)
    values = codec.stream.decode(payload, header.quality, *grid(64, 64, 0)).floats()
    with torch.inference_mode(), torch.autocast("cpu", codec.dtype, enabled=codec.dtype != torch.float32):
        coded = Coded(**{k: torch.from_numpy(v)[None].to(codec.dtype) for k, v in values.items()})
        base = base_picture(codec.model.compressor.synthesis(coded, torch.tensor([header.quality / 255])))
    wanted = (base[0].float().clamp(0, 1) * 255).round().permute(1, 2, 0).numpy().astype(int)
    drawn = pixels(tiny_codec.decompress(data, realism=0))
    assert (drawn == wanted).all()
    assert (drawn == pixels(tiny_codec.decompress(data, realism=0, seed=9, steps=1))).all()
    assert (drawn != pixels(tiny_codec.decompress(data, realism=1, steps=1))).any()


def test_scaled_pictures_come_back_in_size(tiny_codec: Codec) -> None:
    codec = tiny_codec._codec
    payload = codec.stream.encode(codec.analyse(codec.features(np.asarray(picture(65, 40))), 2), 90)[0]
    header = Header(width=65, height=40, quality=90, stream=255, scale=2, digest=codec.stream.digest)
    assert tiny_codec.decompress(write(header, payload, seed=codec.stream.seed), steps=1).size == (65, 40)


@pytest.mark.parametrize("how", [{"quality": 0.5}, {"quality": 101}, {"effort": 10}])
def test_wrong_arguments_to_compress(tiny_codec: Codec, how) -> None:
    with pytest.raises(ValueError, match="allowed are"):
        tiny_codec.compress(picture(8, 8), **how)


@pytest.mark.parametrize("how", [{"steps": 3}, {"realism": 1.5}])
def test_wrong_arguments_to_decompress(tiny_codec: Codec, data: bytes, how) -> None:
    with pytest.raises(ValueError, match="allowed are"):
        tiny_codec.decompress(data, **how)


def test_too_large_a_picture(tiny_codec: Codec, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api.format, "MAX_PIXELS", 4000)
    with pytest.raises(PictureError, match="65x64 pixels, over the limit of 4,000"):
        tiny_codec.compress(Image.new("RGB", (65, 64)))


def test_sides_over_2048(tiny_codec: Codec) -> None:
    data = tiny_codec.compress(Image.new("RGB", (2100, 16), "teal"), quality=20)
    assert tiny_codec.decompress(data, steps=1).size == (2100, 16)


def test_info(monkeypatch: pytest.MonkeyPatch, tiny_codec: Codec, tiny: Path, data: bytes) -> None:
    monkeypatch.setenv(weights.ENVIRONMENT["fasdiff"], str(tiny))
    info = inspect(data)
    assert (info.width, info.height, info.stream, info.scale) == (64, 64, 255, 0)
    assert info.model == tiny_codec._codec.stream.digest.hex()
    assert info.header_bytes + info.payload_bytes == len(data)
    assert info.payload_bytes <= 1.03 * sum(info.sections.values()) + 4


def test_another_custom_model(tmp_path: Path, tiny_codec: Codec, tiny: Path, data: bytes) -> None:
    """Other synthesis, other digest: the file names the model that it needs."""
    import safetensors.numpy

    with safetensors.safe_open(tiny, "np") as file:
        metadata = file.metadata()
    arrays = safetensors.numpy.load_file(tiny)
    name = next(k for k in sorted(arrays) if k.startswith("compressor.synthesis."))
    arrays[name] = arrays[name] * 2
    safetensors.numpy.save_file(arrays, tmp_path / "other.safetensors", metadata)
    other = Codec("fasdiff", weights=tmp_path / "other.safetensors", decoder="reference", device="cpu")
    with pytest.raises(MissingModel, match=tiny_codec._codec.stream.digest.hex()):
        other.decompress(data)


def test_weights_load_strictly(tmp_path: Path, tiny: Path) -> None:
    import safetensors.numpy

    with safetensors.safe_open(tiny, "np") as file:
        metadata = file.metadata()
    arrays = safetensors.numpy.load_file(tiny)
    name = next(k for k in sorted(arrays) if k.startswith("prior.") and arrays[k].ndim == 4)
    path = tmp_path / "w.safetensors"
    nan = np.full_like(arrays[name], np.nan)
    lacking = {k: v for k, v in arrays.items() if k != name}
    for broken in (lacking, arrays | {"more": nan}, arrays | {name: nan}, arrays | {name: nan[:1, :1].copy()}):
        safetensors.numpy.save_file(broken, path, metadata)
        with pytest.raises(WeightsError):
            weights.load_model(weights.read("fasdiff", path))
    path.write_bytes(tiny.read_bytes()[:-1])
    with pytest.raises(WeightsError, match="not a whole"):
        weights.read("fasdiff", path)
    with pytest.raises(WeightsError, match="no weights"):
        weights.read("fasdiff", tmp_path / "none")
    safetensors.numpy.save_file(arrays, path, metadata | {"model": "x"})
    with pytest.raises(WeightsError, match="'x'"):
        weights.read("fasdiff", path)


def test_noise_is_a_field_over_absolute_position() -> None:
    whole = field(7, 0, 5, 40, 30)
    assert torch.equal(field(7, 0, 5, 9, 8, top=20, left=11), whole[:, :, 20:29, 11:19])
    assert torch.equal(field(7, 0, 3, 40, 30), whole[:, :3])
    for other in (field(8, 0, 5, 40, 30), field(7, 1, 5, 40, 30)):
        assert abs(float(torch.corrcoef(torch.stack([other.flatten(), whole.flatten()]))[0, 1])) < 0.05
    assert abs(float(whole.mean())) < 0.05
    assert abs(float(whole.std()) - 1) < 0.05


def test_png_of_a_drawn_picture(tiny_codec: Codec, data: bytes) -> None:
    from intaglio.image import write_png

    file = io.BytesIO()
    write_png(tiny_codec.decompress(data, steps=1), file)
    assert Image.open(file).size == (64, 64)


def test_the_functions_pass_on_all_that_they_take(
    tiny_codec: Codec, data: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "_codec", lambda name: tiny_codec)
    assert api.decompress(data, steps=1, box=(3, 5, 20, 9)).size == (17, 4)
    with pytest.raises(LimitExceeded):
        api.decompress(data, steps=1, max_pixels=1000)
    assert api.compress(picture(32, 32), max_bytes=400, effort=1, bare=True)[:4] != data[:4]
