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

from intaglio import DecompressOptions, OptionError, compress, decompress, inspect
from intaglio.codec import Codec
from intaglio.compressor.base_picture import base_picture
from intaglio.entropy.stream import grid
from intaglio.errors import BudgetError, FormatError, LimitExceeded, MissingModel, PictureError
from intaglio.format import peek, read
from intaglio.image import encoded
from intaglio.pipeline.coding import Coding
from intaglio.pipeline.decoder import decode
from intaglio.pipeline.model import Model
from intaglio.pipeline.original import Original, Tensors
from intaglio.priors.noise import field

OVERHEAD = 22  # bytes of a file beside its payload: explicit size, custom digest; 18 at a common size


def picture(width: int, height: int, grey: bool = False) -> Image.Image:
    """Smooth, with an edge and some grain: costs neither nothing nor very much."""
    y, x = np.mgrid[:height, :width]
    grain = np.random.default_rng(width * 1000 + height).normal(0, 12, (height, width, 3))
    colours = np.stack([128 + 100 * np.sin(x / 9), 100 + 3.0 * y % 120, 90 + 90 * (x > y)], 2) + grain
    image = Image.fromarray(np.clip(colours, 0, 255).astype(np.uint8))
    return image.convert("L") if grey else image


@pytest.fixture(scope="module")
def tensors(tiny_model: Model) -> Tensors:
    return tiny_model.analyse(Original(np.asarray(picture(64, 64))), 0)


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


def test_says_what_it_is(tiny_codec: Codec, tiny_model: Model, data: bytes) -> None:
    xmp = tiny_codec.decompress(data, steps=1).info["xmp"].decode()
    assert "compositeWithTrainedAlgorithmicMedia" in xmp
    assert f"fasdiff-{tiny_model.weights.decoder}" in xmp


def test_bare(tiny_codec: Codec, data: bytes) -> None:
    bare = tiny_codec.compress(picture(64, 64), quality=90, bare=True)
    assert len(bare) == len(data) - 5
    assert (
        pixels(tiny_codec.decompress(bare, steps=1, bare=True)) == pixels(tiny_codec.decompress(data, steps=1))
    ).all()
    slot = bare + bytes(50)
    tiny_codec.decompress(slot, steps=1, bare=True, length=len(bare))


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


def test_quality_is_monotone(tiny_model: Model, tensors: Tensors) -> None:
    """Bytes rise and the coded tensors come nearer; neighbours may differ by rounding, not these."""
    sizes, errors = [], []
    for q in range(0, 256, 51):
        payload, values = tiny_model.stream.encode(tensors, q)
        sizes.append(len(payload))
        errors.append(float(np.square(values.floats()["y"] - tensors["y"]).mean()))
    assert sizes == sorted(sizes)
    assert sizes[-1] > 2 * sizes[0] + 20
    assert errors[-1] < errors[0] / 4
    assert all(after <= 1.01 * before for before, after in zip(errors, errors[1:]))


def test_encoder_knows_what_is_decoded(tiny_model: Model, tensors: Tensors) -> None:
    stream = tiny_model.stream
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


def test_realism_0_is_the_base_picture(tiny_codec: Codec, tiny_model: Model, data: bytes) -> None:
    header, payload = read(data, seed_of=lambda _: tiny_model.stream.seed)
    coded = tiny_model.tensors(payload, header.quality, grid(64, 64, 0))
    with torch.inference_mode(), tiny_model.autocast():
        synthesis = tiny_model.networks.compressor.synthesis
        base = base_picture(synthesis(coded, tiny_model.quality(header.quality)))
    wanted = (base[0].float().clamp(0, 1) * 255).round().permute(1, 2, 0).numpy().astype(int)
    drawn = pixels(tiny_codec.decompress(data, realism=0))
    assert (drawn == wanted).all()
    assert (drawn == pixels(tiny_codec.decompress(data, realism=0, seed=9, steps=1))).all()
    assert (drawn != pixels(tiny_codec.decompress(data, realism=1, steps=1))).any()


def test_scaled_pictures_come_back_in_size(tiny_model: Model) -> None:
    original = Original(np.asarray(picture(65, 40)))
    payload = tiny_model.stream.encode(tiny_model.analyse(original, 2), 90)[0]
    drawn = decode(tiny_model, Coding(payload, 90, 2), 40, 65, DecompressOptions(steps=1))
    assert drawn.shape == (40, 65, 3)


def test_too_large_a_picture(tiny_codec: Codec, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("intaglio.format.MAX_PIXELS", 4000)
    with pytest.raises(PictureError, match="65x64 pixels, over the limit of 4,000"):
        tiny_codec.compress(Image.new("RGB", (65, 64)))


@pytest.mark.parametrize("size", [(65536, 16), (3, 70000)])
def test_too_long_a_side(tiny_codec: Codec, size: tuple[int, int]) -> None:
    with pytest.raises(PictureError, match="a side may have 65,535"):
        tiny_codec.compress(Image.new("L", size))


def test_sides_over_2048(tiny_codec: Codec) -> None:
    data = tiny_codec.compress(Image.new("RGB", (2100, 16), "teal"), quality=20)
    assert tiny_codec.decompress(data, steps=1).size == (2100, 16)


def test_info(installed: None, tiny_model: Model, data: bytes) -> None:
    info = inspect(data, sections=True)
    assert inspect(data).sections == {}
    slot = inspect(data + bytes(30), length=len(data))
    assert (slot.header_bytes, slot.payload_bytes) == (info.header_bytes, info.payload_bytes)
    assert (info.width, info.height, info.stream, info.scale) == (64, 64, 255, 0)
    assert info.model == tiny_model.stream.digest.hex()
    assert info.header_bytes + info.payload_bytes == len(data)
    assert sum(bits for _, bits, _ in info.fields) == 8 * info.header_bytes
    assert {name: value for name, _, value in info.fields}["stream"] == "255 (custom)"
    assert info.payload_bytes <= 1.03 * sum(info.sections.values()) + 4


def test_another_custom_model(tmp_path: Path, tiny_model: Model, tiny: Path, data: bytes) -> None:
    """Other synthesis, other digest: the file names the model that it needs."""
    import safetensors.numpy

    with safetensors.safe_open(tiny, "np") as file:
        metadata = file.metadata()
    arrays = safetensors.numpy.load_file(tiny)
    name = next(k for k in sorted(arrays) if k.startswith("compressor.synthesis."))
    arrays[name] = arrays[name] * 2
    safetensors.numpy.save_file(arrays, tmp_path / "other.safetensors", metadata)
    other = Codec("fasdiff", weights=tmp_path / "other.safetensors", decoder="reference", device="cpu")
    with pytest.raises(MissingModel, match=tiny_model.stream.digest.hex()):
        other.decompress(data)


def test_noise_is_a_field_over_absolute_position() -> None:
    whole = torch.from_numpy(field(7, 5, 40, 30))
    assert torch.equal(torch.from_numpy(field(7, 5, 9, 8)), whole[:, :, :9, :8])
    assert torch.equal(torch.from_numpy(field(7, 3, 40, 30)), whole[:, :3])
    assert (
        abs(
            float(torch.corrcoef(torch.stack([torch.from_numpy(field(8, 5, 40, 30)).flatten(), whole.flatten()]))[0, 1])
        )
        < 0.05
    )
    assert abs(float(whole.mean())) < 0.05
    assert abs(float(whole.std()) - 1) < 0.05


def test_png_of_a_drawn_picture(tiny_codec: Codec, data: bytes) -> None:
    png = encoded(tiny_codec.decompress(data, steps=1))
    assert Image.open(io.BytesIO(png)).size == (64, 64)


def test_the_functions_take_what_the_codec_takes(installed: None, tmp_path: Path) -> None:
    image = picture(32, 32)
    data = compress(image, codec="fasdiff", max_bytes=700, effort=1, bare=True)
    assert len(data) <= 700
    assert decompress(data, steps=1, box=(3, 5, 20, 9), bare=True).size == (17, 4)
    with pytest.raises(LimitExceeded):
        decompress(data, DecompressOptions(steps=1, max_pixels=1000, bare=True))
    with pytest.raises(OptionError, match="codec is 'jpeg', allowed are fasdiff, cgdm, auto"):
        compress(image, codec="jpeg")


def test_pictures_as_people_have_them(tiny_codec: Codec, tmp_path: Path) -> None:
    image, path = picture(40, 24), tmp_path / "a.png"
    image.save(path)
    array, raw = np.asarray(image), path.read_bytes()
    wanted = tiny_codec.compress(image)
    for source in (path, str(path), raw, bytearray(raw), io.BytesIO(raw), array, array.astype(np.uint16) * 257):
        assert tiny_codec.compress(source) == wanted
    grey = tiny_codec.compress(image.convert("L"))
    for source in (np.asarray(image.convert("L")), np.asarray(image.convert("L"))[..., None]):
        assert tiny_codec.compress(source) == grey


def test_files_as_people_have_them(tiny_codec: Codec, installed: None, data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.itg"
    path.write_bytes(data)
    wanted = pixels(tiny_codec.decompress(data, steps=1))
    for source in (path, str(path), bytearray(data), memoryview(data), io.BytesIO(data)):
        assert (pixels(tiny_codec.decompress(source, steps=1)) == wanted).all()
        source.seek(0) if isinstance(source, io.BytesIO) else None
        assert inspect(source).width == 64


@pytest.mark.parametrize(
    "source",
    [None, 7, [1, 2], np.zeros((4, 4, 2), np.uint8), np.zeros((4, 4), np.float32), np.zeros((0, 4, 3), np.uint8),
     np.zeros((), np.uint8), "no/such.png", b"no picture", io.StringIO("text")],
)  # fmt: skip
def test_what_is_no_picture(tiny_codec: Codec, source: object) -> None:
    with pytest.raises(PictureError):
        tiny_codec.compress(source)  # type: ignore[arg-type]


def test_a_closed_picture(tiny_codec: Codec, tmp_path: Path) -> None:
    picture(8, 8).save(tmp_path / "a.png")
    image = Image.open(tmp_path / "a.png")
    image.close()
    with pytest.raises(PictureError, match="cannot be read"):
        tiny_codec.compress(image)


@pytest.mark.parametrize("source", [None, 7, [b"a"], "no/such.itg", io.StringIO("text")])
def test_what_is_no_file(tiny_codec: Codec, source: object) -> None:
    from intaglio import FormatError

    for use in (tiny_codec.decompress, decompress, inspect):
        with pytest.raises(FormatError):
            use(source)  # type: ignore[operator]


def test_large_pictures_fit_100_bytes_at_a_coarse_scale() -> None:
    codec, image = Codec("cgdm"), picture(3000, 2000)
    data = codec.compress(image, max_bytes=100)
    assert len(data) <= 100 and peek(data).halvings > 3
    assert codec.decompress(data, steps=1).size == image.size


def test_a_cut_file_is_drawn_as_far_as_it_goes(tiny_codec: Codec) -> None:
    image = picture(96, 96)
    data = tiny_codec.compress(image, quality=100)
    whole, errors = pixels(tiny_codec.decompress(data, realism=0)), []
    for share in (1.0, 0.8, 0.4, 0.0):
        cut = data[: OVERHEAD + round(share * (len(data) - OVERHEAD))]
        with pytest.warns(UserWarning, match="of its picture is drawn"):
            drawn = tiny_codec.decompress(cut, realism=0, salvage=True)
        assert drawn.size == image.size
        errors.append(np.abs(pixels(drawn) - whole).mean())
    assert errors == sorted(errors) and errors[-1] > 0
    with pytest.raises(FormatError, match="checksum"):
        tiny_codec.decompress(data[:-1])
    with pytest.raises(FormatError, match="header"):
        tiny_codec.decompress(data[:9], salvage=True)


def test_limits(tiny_codec: Codec, data: bytes) -> None:
    with pytest.raises(LimitExceeded, match="over 0 seconds"):
        tiny_codec.decompress(data, max_seconds=0)
    with pytest.raises(LimitExceeded, match="bytes"):
        tiny_codec.decompress(data, max_bytes=len(data) - 1)
    assert tiny_codec.decompress(data, max_seconds=1000, max_bytes=len(data)).size == (64, 64)
    with pytest.raises(OptionError, match="max_seconds"):
        tiny_codec.decompress(data, max_seconds=-1)


def test_whoever_is_told_of_progress_can_stop_it(tiny_codec: Codec, data: bytes) -> None:
    class Stop(Exception):
        pass

    def stop(share: float) -> None:
        raise Stop

    with pytest.raises(Stop):
        tiny_codec.decompress(data, progress=stop)
