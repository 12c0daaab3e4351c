"""Pictures in: every mode, orientation, colour profiles, transparency."""

import io
import itertools
import struct
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from PIL import Image, ImageCms, ImageOps

from intaglio.errors import OptionError, PictureError
from intaglio.image import open_picture, to_rgb

RED = np.full((6, 9, 3), (200, 10, 30), np.uint8)


@pytest.fixture(autouse=True)
def _warnings_are_errors() -> None:
    warnings.simplefilter("error")


def gradient(h: int = 12, w: int = 17) -> np.ndarray:
    y, x = np.mgrid[:h, :w]
    return np.stack([y * 255 // (h - 1), x * 255 // (w - 1), (x + y) * 255 // (h + w - 2)], -1).astype(np.uint8)


def ramp() -> np.ndarray:
    return np.arange(256, dtype=np.uint8).reshape(16, 16)


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def reopened(image: Image.Image, kind: str, **options: object) -> Image.Image:
    return open_picture(io.BytesIO(encoded(image, kind, **options)))


# Modes -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "RGBX", "RGBa", "P", "PA", "YCbCr", "HSV", "CMYK", "LAB"])
def test_colour_modes(mode: str) -> None:
    image = Image.fromarray(RED)
    if mode == "LAB":
        srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
        image = ImageCms.profileToProfile(image, srgb, lab, outputMode="LAB")
    elif mode in {"P", "PA"}:
        image = image.quantize().convert(mode)
    elif mode == "RGBa":
        image = image.convert("RGBA").convert(mode)
    else:
        image = image.convert(mode)
    rgb, grey = to_rgb(image)
    assert rgb.dtype == np.uint8
    assert rgb.shape == RED.shape
    assert np.abs(rgb.astype(int) - RED).max() <= 4
    assert not grey


@pytest.mark.parametrize("mode", ["1", "L", "LA", "La", "P", "RGB", "RGBA", "CMYK"])
def test_grey_modes(mode: str) -> None:
    image = Image.fromarray(ramp())
    image = image.convert("LA").convert(mode) if mode == "La" else image.convert(mode)
    rgb, grey = to_rgb(image)
    assert grey
    expected = np.array(image.convert("L")) if mode == "1" else ramp()
    assert np.abs(rgb[..., 0].astype(int) - expected).max() <= 1


@pytest.mark.parametrize("mode", ["I;16", "I;16L", "I;16B", "I", "F"])
def test_sixteen_bits_keep_their_range(mode: str) -> None:
    values = ramp().astype(np.uint16) * 257
    if mode == "I;16B":
        image = Image.frombytes(mode, (16, 16), values.astype(">u2").tobytes())
    elif mode.startswith("I;16"):
        image = Image.frombytes(mode, (16, 16), values.astype("<u2").tobytes())
    else:
        image = Image.fromarray(values.astype(np.int32 if mode == "I" else np.float32))
    rgb, grey = to_rgb(image)
    assert grey
    assert np.array_equal(rgb[..., 1], ramp())


@pytest.mark.parametrize("full", [1, 255, 65535])
def test_floats_take_the_least_range_that_holds_them(full: int) -> None:
    values = ramp().astype(np.float32) / 255 * full
    assert np.array_equal(to_rgb(Image.fromarray(values))[0][..., 0], ramp())


@pytest.mark.parametrize(("odd", "level"), [(-1.0, 0), (1.5, 255), (np.nan, 0), (np.inf, 255), (-np.inf, 0)])
def test_a_float_that_fits_no_range_is_a_warning_and_changes_itself_alone(odd: float, level: int) -> None:
    values = ramp().astype(np.float32) / 255
    values[3, 4] = odd
    with pytest.warns(UserWarning, match=r"256 floats are read as 0 to 1: 1 (are no finite|lie outside)"):
        rgb, _ = to_rgb(Image.fromarray(values))
    expected = ramp()
    expected[3, 4] = level
    assert np.array_equal(rgb[..., 0], expected)


def test_highlights_over_one_are_clipped() -> None:
    with pytest.warns(UserWarning, match="102 lie outside"):
        rgb, _ = to_rgb(Image.fromarray(ramp().astype(np.float32) / 153))
    assert np.array_equal(rgb[..., 0], np.rint(np.minimum(ramp() / 153, 1) * 255))


@pytest.mark.parametrize(("kind", "dtype"), [("PNG", np.uint16), ("TIFF", np.uint16), ("PPM", np.int32)])
def test_sixteen_bit_files(kind: str, dtype: type) -> None:
    image = reopened(Image.fromarray((ramp() * np.uint16(257)).astype(dtype)), kind)
    assert np.array_equal(to_rgb(image)[0][..., 0], ramp())


@given(npst.arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9), st.just(3))))
def test_rgb_passes_unchanged(pixels: np.ndarray) -> None:
    rgb, grey = to_rgb(Image.fromarray(pixels))
    assert np.array_equal(rgb, pixels)
    assert grey == bool((pixels == pixels[..., :1]).all())


def test_the_picture_given_stays_as_it_is() -> None:
    image = Image.fromarray(RED).convert("RGBA")
    image.putalpha(7)
    before = image.tobytes()
    to_rgb(image)
    assert (image.mode, image.tobytes()) == ("RGBA", before)


def test_no_pixels() -> None:
    with pytest.raises(PictureError, match="empty: 0 x 5"):
        to_rgb(Image.new("RGB", (0, 5)))


# Transparency ------------------------------------------------------------------------------------------------------


def test_alpha_is_flattened_on_white() -> None:
    image = Image.new("RGBA", (3, 1), (0, 100, 200, 255))
    image.putpixel((1, 0), (0, 100, 200, 0))
    image.putpixel((2, 0), (0, 100, 200, 128))
    assert to_rgb(image)[0].tolist() == [[[0, 100, 200], [255, 255, 255], [127, 177, 227]]]


@pytest.mark.parametrize("mode", ["P", "1", "L", "I;16", "RGB"])
def test_transparent_colour_of_a_png(mode: str) -> None:
    image = Image.new(mode, (2, 1))
    value = {"RGB": (255, 255, 0), "I;16": 9999}.get(mode, 1)
    image.putpixel((1, 0), value)
    if mode == "P":
        image.putpalette([0, 0, 0, 255, 255, 0])
    image = reopened(image, "PNG", transparency=value)
    rgb, grey = to_rgb(image)
    assert rgb.tolist() == [[[0, 0, 0], [255, 255, 255]]]
    assert grey


def test_the_background_is_chosen() -> None:
    image = Image.new("RGBA", (2, 1), (0, 100, 200, 255))
    image.putpixel((1, 0), (0, 100, 200, 0))
    for name in ("#ff8000", "rgb(255, 128, 0)"):
        assert to_rgb(image, name)[0].tolist() == [[[0, 100, 200], [255, 128, 0]]]


@pytest.mark.parametrize("name", ["nonsense", "#12", "#ff000080", ""])
def test_no_such_background(name: str) -> None:
    with pytest.raises(OptionError, match="background is"):
        to_rgb(Image.fromarray(RED), name)


def test_a_logo_that_its_background_swallows_is_a_warning() -> None:
    logo = Image.new("RGBA", (20, 20), (255, 255, 255, 0))
    logo.paste((250, 250, 250, 255), (5, 5, 15, 15))
    with pytest.warns(UserWarning, match="--background black shows it"):
        to_rgb(logo)
    assert to_rgb(logo, "black")[0][10, 10].tolist() == [250] * 3  # without a warning
    with pytest.warns(UserWarning, match="wholly transparent"):
        to_rgb(Image.new("RGBA", (2, 2)))


def test_grey_with_alpha_is_grey() -> None:
    assert to_rgb(Image.new("LA", (1, 1), (50, 100)))[1]


# Orientation -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP", "JPEG"])
def test_orientation_is_applied(kind: str, orientation: int) -> None:
    stored = Image.fromarray(gradient())
    exif = Image.Exif()
    exif[0x0112] = orientation
    options: dict[str, object] = {"lossless": True} if kind == "WEBP" else {"quality": 100} if kind == "JPEG" else {}
    rgb, _ = to_rgb(reopened(stored, kind, exif=exif, **options))
    tagged = stored.copy()
    tagged.getexif()[0x0112] = orientation
    expected = np.array(ImageOps.exif_transpose(tagged))
    assert rgb.shape == expected.shape
    assert np.abs(rgb.astype(int) - expected).max() <= (40 if kind == "JPEG" else 0)


def test_broken_exif_is_a_warning() -> None:
    image = Image.fromarray(RED)
    image.info["exif"] = b"Exif\0\0MM\0nonsense"
    with pytest.warns(UserWarning, match="EXIF"):
        rgb, _ = to_rgb(image)
    assert np.array_equal(rgb, RED)


# Colour profiles ---------------------------------------------------------------------------------------------------


def profile_bytes(kind: str) -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile(kind)).tobytes()


def swapped_profile() -> bytes:
    """sRGB's profile with its red and green primaries swapped: red in, green out."""
    data = bytearray(profile_bytes("sRGB"))
    table = [(i, bytes(data[i : i + 4])) for i in range(132, 132 + 12 * data[131], 12)]
    red, green = (next(i for i, tag in table if tag == wanted) for wanted in (b"rXYZ", b"gXYZ"))
    data[red : red + 4], data[green : green + 4] = data[green : green + 4], data[red : red + 4]
    data[84:100] = bytes(16)  # the profile's own checksum
    return bytes(data)


def test_srgb_changes_next_to_nothing() -> None:
    image = Image.fromarray(gradient())
    image.info["icc_profile"] = profile_bytes("sRGB")
    assert np.abs(to_rgb(image)[0].astype(int) - gradient()).max() <= 1


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P"])
def test_colours_go_through_the_profile(mode: str) -> None:
    image = Image.new("RGB", (2, 2), (255, 0, 0)).convert(mode)
    image.info["icc_profile"] = swapped_profile()
    assert to_rgb(image)[0][0, 0].tolist() == [0, 255, 0]


def test_profile_of_a_file_and_orientation_together() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    image = reopened(Image.new("RGB", (4, 2), (255, 0, 0)), "PNG", icc_profile=swapped_profile(), exif=exif)
    rgb, _ = to_rgb(image)
    assert rgb.shape == (4, 2, 3)
    assert rgb[0, 0].tolist() == [0, 255, 0]


def test_grey_with_an_rgb_profile_stays_grey() -> None:
    image = Image.fromarray(ramp())
    image.info["icc_profile"] = profile_bytes("sRGB")
    rgb, grey = to_rgb(image)
    assert grey
    assert np.abs(rgb[..., 0].astype(int) - ramp()).max() <= 1


def cmyk_profile() -> bytes:
    """A printer that prints neutral grey, the darker the more ink, whatever the ink: unlike any naive conversion."""
    identity = (65536 * i for i in (1, 0, 0, 0, 1, 0, 0, 0, 1))
    lut = b"mft1" + bytes(4) + bytes([4, 3, 2, 0]) + struct.pack(">9i", *identity)
    lut += bytes(range(256)) * 4  # each ink as it comes
    for inks in itertools.product((0, 1), repeat=4):
        lut += bytes([255 - 60 * sum(inks), 128, 128])  # Lab
    lut += bytes(range(256)) * 3
    tag = struct.pack(">I4sII", 1, b"A2B0", 144, len(lut))
    header = struct.pack(
        ">I4sI4s4s4s12s4s28s3I48s",
        *(144 + len(lut), b"", 0x02400000, b"prtr", b"CMYK", b"Lab ", b"", b"acsp", b"", 0xF6D6, 0x10000, 0xD32D, b""),
    )
    return header + tag + lut


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_cmyk_goes_through_its_profile(kind: str) -> None:
    inks = Image.new("CMYK", (32, 16))
    inks.paste((0, 255, 0, 0), (0, 0, 16, 16))
    image = reopened(inks, kind, icc_profile=cmyk_profile())
    assert image.mode == "CMYK"
    rgb, _ = to_rgb(image)
    magenta, paper = rgb[8, 4], rgb[8, 28]
    assert np.abs(magenta.astype(int) - 186).max() <= 2  # L* = 76.5
    assert paper.min() >= 254


@pytest.mark.parametrize("icc", [b"nonsense", profile_bytes("sRGB")[:200], profile_bytes("LAB")])
@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "P", "CMYK", "I;16"])
def test_an_unusable_profile_is_a_warning(mode: str, icc: bytes) -> None:
    plain = Image.new(mode, (3, 2), (9, 9, 9, 255) if mode == "RGBA" else 0)
    broken = plain.copy()
    broken.info["icc_profile"] = icc
    with pytest.warns(UserWarning, match="sRGB is assumed"):
        rgb, _ = to_rgb(broken)
    assert np.array_equal(rgb, to_rgb(plain)[0])


def test_cmyk_with_an_rgb_profile_is_a_warning() -> None:
    image = Image.new("CMYK", (3, 2), (0, 255, 255, 0))
    image.info["icc_profile"] = profile_bytes("sRGB")
    with pytest.warns(UserWarning, match="sRGB is assumed"):
        assert to_rgb(image)[0][0, 0].tolist() == [255, 0, 0]
