"""PNGs below Pillow: 16 bits, transparent colours, colour codes, damage."""

import io
import struct
import warnings
import zlib
from collections.abc import Sequence

import numpy as np
import pytest
from PIL import Image

from intaglio.errors import PictureError
from intaglio.image import open_picture, to_rgb

GREY = np.arange(256, dtype=np.uint8).reshape(16, 16)
RGB = np.stack([GREY, GREY[::-1], GREY.T], -1)
Chunk = tuple[bytes, bytes]


@pytest.fixture(autouse=True)
def _warnings_are_errors() -> None:
    warnings.simplefilter("error")


def chunk(name: bytes, data: bytes, flip: int = 0) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data) ^ flip)


def png(samples: np.ndarray, colour: int, *chunks: bytes, bits: int | None = None, after: bytes = b"") -> bytes:
    """(H, W) or (H, W, C), uint8 or uint16; with `bits` under 8 of one a byte, they are packed."""
    h, w = samples.shape[:2]
    rows = samples.astype(samples.dtype.newbyteorder(">")).reshape(h, -1)
    if bits and bits < 8:
        rows = np.packbits(np.unpackbits(rows[..., None], axis=-1)[..., -bits:].reshape(h, -1), axis=-1)
    pixels = b"".join(b"\0" + row.tobytes() for row in rows)
    header = struct.pack(">IIBBBBB", w, h, bits or 8 * samples.itemsize, colour, 0, 0, 0)
    parts = [chunk(b"IHDR", header), *chunks, chunk(b"IDAT", zlib.compress(pixels)), after, chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def gamma(value: float) -> bytes:
    return chunk(b"gAMA", struct.pack(">I", round(value * 1e5)))


def chromaticities(*values: float) -> bytes:
    return chunk(b"cHRM", struct.pack(">8I", *(round(value * 1e5) for value in values)))


def read(data: bytes, page: int | None = None) -> np.ndarray:
    return to_rgb(open_picture(io.BytesIO(data), page))[0]


def far(rgb: np.ndarray, right: np.ndarray) -> int:
    return int(np.abs(rgb.astype(int) - np.broadcast_to(np.atleast_3d(right), rgb.shape)).max())


def linear(coded: np.ndarray) -> np.ndarray:
    """sRGB's 0 to 255 to light 0..1."""
    x = coded / 255
    return np.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** 2.4)


def sixteen(light: np.ndarray) -> np.ndarray:
    return np.rint(np.clip(light, 0, 1) * 65535).astype(np.uint16)


# Depth ---------------------------------------------------------------------------------------------------------------


def test_sixteen_bits_are_rounded_not_cut() -> None:
    samples = np.array([[0, 128, 129, 32767, 65406, 65407]], np.uint16)
    rgb = read(png(np.dstack([samples] * 3), 2))
    assert rgb[0, :, 0].tolist() == np.rint(samples[0] / 257).tolist()


@pytest.mark.parametrize(("colour", "channels"), [(0, 1), (2, 3), (4, 2), (6, 4)])
def test_light_of_sixteen_bits_keeps_its_shadows(colour: int, channels: int) -> None:
    right = RGB if channels > 2 else GREY
    samples = sixteen(linear(np.atleast_3d(right)))
    if channels in (2, 4):
        samples = np.dstack([samples, np.full(GREY.shape, 65535, np.uint16)])
    assert far(read(png(samples, colour, gamma(1.0))), right) <= 1


@pytest.mark.parametrize("low", [0, 1])
def test_a_transparent_colour_counts_all_its_bits(low: int) -> None:
    samples = np.full((1, 3, 3), 257 * 9, np.uint16)
    samples[0, 1, 2] += 1
    key = chunk(b"tRNS", struct.pack(">3H", *samples[0, low]))
    expected = [[9, 255, 9], [255, 9, 255]][1 - low]
    assert read(png(samples, 2, key))[0, :, 0].tolist() == expected
    grey = chunk(b"tRNS", struct.pack(">H", samples[0, low, 2]))
    assert read(png(samples[..., 2], 0, grey))[0, :, 0].tolist() == expected


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_a_transparent_grey_of_few_bits(bits: int) -> None:
    levels = np.arange(1 << bits, dtype=np.uint8)
    levels = np.tile(levels, (8, 8 >> bits or 1))
    expected = levels.astype(int) * 255 // ((1 << bits) - 1)
    expected[levels == 1] = 255
    rgb = read(png(levels, 0, chunk(b"tRNS", struct.pack(">H", 1)), bits=bits))
    assert rgb[..., 0].tolist() == expected.tolist()


# Colour --------------------------------------------------------------------------------------------------------------

SRGB = (0.3127, 0.329, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06)
ADOBE = (0.3127, 0.329, 0.64, 0.33, 0.21, 0.71, 0.15, 0.06)
TO_ADOBE = np.array([[0.71512, 0.28488, 0.0], [0.0, 1.0, 0.0], [0.0, 0.04117, 0.95883]])  # linear, from sRGB
TO_P3 = np.array([[0.82246, 0.17754, 0.0], [0.03319, 0.96681, 0.0], [0.01708, 0.0724, 0.91052]])
TO_BT2020 = np.array([[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.088, 0.8956]])


def curve(light: np.ndarray) -> np.ndarray:
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


def perceptual(light: np.ndarray) -> np.ndarray:
    """SMPTE ST 2084 of light whose white is 203 cd/m²."""
    y = (light * 203 / 10_000) ** (2610 / 16384)
    return ((3424 / 4096 + 2413 / 128 * y) / (1 + 2392 / 128 * y)) ** (2523 / 32)


def icc_of_srgb() -> bytes:
    from PIL import ImageCms

    return chunk(b"iCCP", b"x\0\0" + zlib.compress(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()))


def test_adobe_rgb_by_primaries_and_gamma() -> None:
    wide = sixteen((linear(RGB) @ TO_ADOBE.T) ** 0.45455)
    assert far(read(png(wide, 2, gamma(0.45455), chromaticities(*ADOBE))), RGB) <= 1


def test_colours_by_their_codes() -> None:
    p3 = sixteen(curve(linear(RGB) @ TO_P3.T))
    bt2020 = sixteen(curve(linear(RGB) @ TO_BT2020.T))
    assert far(read(png(p3, 2, chunk(b"cICP", bytes([12, 13, 0, 1])))), RGB) <= 1
    assert far(read(png(bt2020, 2, chunk(b"cICP", bytes([9, 13, 0, 1])))), RGB) <= 1
    eight = np.rint(p3 / 257).astype(np.uint8)
    assert far(read(png(eight, 2, chunk(b"cICP", bytes([12, 13, 0, 1])), icc_of_srgb())), RGB) < 12  # codes first


def test_the_narrow_range_of_television() -> None:
    narrow = np.rint((RGB / 255 * 219 + 16) * 257).astype(np.uint16)
    assert far(read(png(narrow, 2, chunk(b"cICP", bytes([1, 13, 0, 0])))), RGB) <= 1


def test_high_range_without_highlights_is_the_picture_itself() -> None:
    coded = sixteen(perceptual(linear(RGB) @ TO_BT2020.T))
    with pytest.warns(UserWarning, match="high dynamic range"):
        assert far(read(png(coded, 2, chunk(b"cICP", bytes([9, 16, 0, 1])))), RGB) <= 1


@pytest.mark.parametrize("transfer", [16, 18])
def test_highlights_of_high_range_keep_their_order(transfer: int) -> None:
    with pytest.warns(UserWarning, match="high dynamic range"):
        rgb = read(
            png(np.linspace(0, 65535, 256).astype(np.uint16)[None], 0, chunk(b"cICP", bytes([9, transfer, 0, 1])))
        )
    levels = rgb[0, :, 0].astype(int)
    assert (np.diff(levels) >= 0).all()
    assert levels[0] == 0 and levels[-1] == 255 and len(set(levels[160:])) > 15


def test_what_means_srgb_changes_nothing() -> None:
    said = [
        (gamma(0.45455),),
        (gamma(0.45455), chromaticities(*SRGB)),
        (chunk(b"sRGB", b"\0"), gamma(1.0), chromaticities(*ADOBE)),
        (chunk(b"cICP", bytes([1, 13, 0, 1])), gamma(1.0)),
        (chunk(b"cICP", bytes([1, 1, 0, 1])),),
    ]
    for chunks in said:
        assert np.array_equal(read(png(RGB, 2, *chunks)), RGB)


@pytest.mark.parametrize("chunks", [(chunk(b"cICP", bytes([99, 13, 0, 1])),), (chromaticities(*[0.3] * 8),)])
def test_unusable_colours_are_a_warning(chunks: Sequence[bytes]) -> None:
    with pytest.warns(UserWarning, match="assumed"):
        assert np.array_equal(read(png(RGB, 2, *chunks)), RGB)


# Damage --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [b"tEXt", b"iCCP", b"eXIf"])
def test_a_damaged_chunk_that_is_not_needed_is_left_out(name: bytes) -> None:
    with pytest.warns(UserWarning, match=f"chunk {name.decode()} is damaged"):
        assert np.array_equal(read(png(RGB, 2, chunk(name, b"Comment\0word", flip=1))), RGB)


def test_pixels_whose_checksum_alone_is_wrong() -> None:
    data = bytearray(png(RGB, 2))
    data[-13] ^= 1
    assert np.array_equal(read(bytes(data)), RGB)  # zlib has a checksum of its own


def test_a_png_that_is_cut_short_is_drawn_as_far_as_it_goes() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    data = png(noise, 2)
    with pytest.warns(UserWarning, match="lowest 4[0-2]% of it are missing"):
        rgb = read(data[: len(data) * 6 // 10])
    assert np.array_equal(rgb[:37], noise[:37])
    assert not rgb[40:].any()


@pytest.mark.parametrize("place", [18, 60])
def test_damage_that_cannot_be_mended_is_called_so(place: int) -> None:
    data = bytearray(png(RGB, 2))
    data[place] ^= 0x55
    with pytest.raises(PictureError, match="broken"):
        read(bytes(data))


def test_pages_of_an_animated_png() -> None:
    file = io.BytesIO()
    Image.fromarray(RGB).save(file, "PNG", save_all=True, append_images=[Image.fromarray(255 - RGB)])
    with pytest.warns(UserWarning, match="holds 2 pictures"):
        assert np.array_equal(read(file.getvalue()), RGB)
    assert np.array_equal(read(file.getvalue(), page=2), 255 - RGB)
