"""Flat, drawn and tiny pictures: few bytes, and right."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from intaglio import compress, decompress, inspect
from intaglio.codec import Codec
from intaglio.errors import Corrupt, FormatError, OptionError
from intaglio.format import Header, write
from intaglio.format.streams import PLAIN
from intaglio.pipeline import plain

pytestmark = pytest.mark.usefixtures("installed")


def ramp() -> Image.Image:
    return Image.linear_gradient("L").convert("RGB")


def text() -> Image.Image:
    image = Image.new("RGB", (512, 128), "white")
    draw = ImageDraw.Draw(image)
    for line in range(8):
        draw.text(
            (8, 4 + 15 * line), f"The quick brown fox jumps over the lazy dog, {line} times in a row.", fill="black"
        )
    return image


def noise(width: int, height: int) -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8))


def error(data: bytes, image: Image.Image) -> int:
    """The largest, in levels."""
    return int(np.abs(levels(decompress(data)) - levels(image)).max())


def levels(image: Image.Image) -> NDArray[np.int64]:
    return np.asarray(image.convert("RGB")).astype(np.int64)


@pytest.mark.parametrize("colour", ["white", "black", "lime", "red", "#0000ff", "#123456"])
@pytest.mark.parametrize("quality", [1, 30, 60, 90])
def test_a_flat_picture_is_exact_in_a_few_bytes(colour: str, quality: float) -> None:
    image = Image.new("RGB", (300, 200), colour)
    data = compress(image, quality=quality)
    assert len(data) <= 40 and error(data, image) == 0


@pytest.mark.parametrize(("image", "size"), [(ramp(), 100), (text(), 2000)])
def test_drawn_pictures_are_exact(image: Image.Image, size: int) -> None:
    data = compress(image, quality=90)
    assert len(data) <= size and error(data, image) == 0


@pytest.mark.parametrize("size", [(1, 1), (7, 5), (3, 200), (31, 33), (64, 64)])
def test_tiny_pictures_are_within_two_levels(size: tuple[int, int]) -> None:
    image = noise(*size)
    sizes = []
    for quality, off in ((30, 14), (60, 8), (90, 2), (100, 0)):
        data = compress(image, quality=quality)
        assert error(data, image) <= off
        sizes.append(len(data))
    assert sizes == sorted(sizes)


def test_the_pixels_themselves_where_they_fit_a_limit() -> None:
    image = Image.new("RGB", (256, 256), "lime")
    assert inspect(compress(image, max_bytes=100)).codec == "plain"
    tiny = noise(12, 12)
    exact, near = (compress(tiny, max_bytes=limit) for limit in (600, 350))
    assert error(exact, tiny) == 0 and 0 < error(near, tiny) <= 20 and len(near) <= 350


def test_a_photograph_is_a_models() -> None:
    grain = Image.fromarray(np.asarray(ramp()) // 2 + np.asarray(noise(256, 256)) // 2)
    assert inspect(compress(grain, quality=50)).codec in ("fasdiff", "cgdm")


def test_who_names_a_codec_gets_it() -> None:
    data = Codec("fasdiff").compress(Image.new("RGB", (64, 64), "lime"))
    assert inspect(data).codec == "fasdiff"


def test_grey_box_bare_and_info() -> None:
    image = Image.linear_gradient("L")
    data = compress(image, bare=True)
    part = Codec("cgdm").decompress(data, bare=True, box=(10, 20, 30, 60))
    assert part.mode == "L" and part.size == (20, 40)
    assert np.array_equal(np.asarray(part), np.asarray(image)[20:60, 10:30])
    facts = inspect(data, bare=True, sections=True)
    assert facts.codec == "plain" and facts.decoder == "plain"
    assert facts.sections == {"pixels": facts.payload_bytes}
    with pytest.raises(OptionError, match="not inside"):
        decompress(data, bare=True, box=(0, 0, 300, 10))


def test_damage_is_one_of_ours() -> None:
    data = compress(text())
    rng = np.random.default_rng(0)
    header = Header(width=512, height=128, quality=127, stream=PLAIN)
    for _ in range(50):
        payload = bytearray(data[15:])
        payload[rng.integers(len(payload))] ^= 1 << rng.integers(8)
        with pytest.raises(FormatError, match="checksum"):
            decompress(data[:15] + payload)
        forged = write(header, bytes(payload[: rng.integers(len(payload))]), seed=0)
        try:
            assert decompress(forged).size == (512, 128)
        except Corrupt:
            pass
    with pytest.raises(Corrupt, match="plain picture has no scale"):
        decompress(write(Header(width=64, height=64, quality=1, stream=PLAIN, scale=1), b"", seed=0))


def test_a_large_drawing_stays_exact_whatever_its_middle_is() -> None:
    image = Image.new("RGB", (1400, 1000), "white")
    image.paste(noise(120, 120), (640, 440))
    data = compress(image, max_bytes=60_000)
    assert inspect(data).codec == "plain" and error(data, image) == 0


def test_a_large_photograph_is_not_coded_plainly_to_the_end() -> None:
    """Its pieces say enough: no encoder of WebP would have the time for all of it."""
    pixels = np.tile(np.asarray(noise(256, 256)), (32, 32, 1))
    assert plain.encode(pixels, 40, 300_000) is None
