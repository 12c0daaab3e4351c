"""Colours that are not sRGB's, as files other than PNG say it: profiles of deep pictures, EXIF, codes in boxes."""

import io
import struct
import warnings

import numpy as np
import pytest
from PIL import Image, ImageCms

from intaglio.image import open_picture, to_rgb

GREY = np.arange(256, dtype=np.uint8).reshape(16, 16)
RGB = np.stack([GREY, GREY[::-1], GREY.T], -1)
XYZ = np.array([[0.43607, 0.38515, 0.14307], [0.22249, 0.71687, 0.06061], [0.01392, 0.09708, 0.7141]])  # sRGB's, D50
TO_ADOBE = np.array([[0.71512, 0.28488, 0.0], [0.0, 1.0, 0.0], [0.0, 0.04117, 0.95883]])  # linear, from sRGB
TO_P3 = np.array([[0.82246, 0.17754, 0.0], [0.03319, 0.96681, 0.0], [0.01708, 0.0724, 0.91052]])
ADOBE_GAMMA = 563 / 256


@pytest.fixture(autouse=True)
def _warnings_are_errors() -> None:
    warnings.simplefilter("error")


def linear(coded: np.ndarray) -> np.ndarray:
    x = coded / 255
    return np.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** 2.4)


def curve(light: np.ndarray) -> np.ndarray:
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


def profile(curve_tag: bytes, to_space: np.ndarray | None) -> bytes:
    """A display profile of three equal curves and a matrix, or of grey."""
    white = b"XYZ \0\0\0\0" + struct.pack(">3i", 63190, 65536, 54061)
    tags = {b"wtpt": white, b"desc": b"desc\0\0\0\0\0\0\0\2x\0" + bytes(78), b"cprt": b"text\0\0\0\0x\0\0\0"}
    if to_space is None:
        tags[b"kTRC"] = curve_tag
    else:
        for name, column in zip(b"rgb", (XYZ @ np.linalg.inv(to_space)).T):
            tags[bytes([name]) + b"XYZ"] = b"XYZ \0\0\0\0" + struct.pack(">3i", *np.rint(column * 65536).astype(int))
            tags[bytes([name]) + b"TRC"] = curve_tag
    table, body = b"", b""
    for name, tag in tags.items():
        table += struct.pack(">4sII", name, 132 + 12 * len(tags) + len(body), len(tag))
        body += tag + bytes(-len(tag) % 4)
    space = b"GRAY" if to_space is None else b"RGB "
    header = struct.pack(
        ">I4sI4s4s4s12s4s28s3I48s",
        *(132 + len(table + body), b"", 0x04200000, b"mntr", space, b"XYZ "),
        *(b"\7\xe0\0\1\0\1" + bytes(6), b"acsp", b"", 0xF6D6, 0x10000, 0xD32D, b""),
    )
    return header + struct.pack(">I", len(tags)) + table + body


def gamma_tag(gamma: float) -> bytes:
    return b"curv\0\0\0\0" + struct.pack(">IHxx", 1, round(gamma * 256))


def table_tag(gamma: float) -> bytes:
    values = np.rint(np.linspace(0, 1, 4096) ** gamma * 65535).astype(">u2")
    return b"curv\0\0\0\0" + struct.pack(">I", values.size) + values.tobytes()


def parameters_tag(kind: int, *numbers: float) -> bytes:
    return b"para\0\0\0\0" + struct.pack(f">HH{len(numbers)}i", kind, 0, *(round(n * 65536) for n in numbers))


SRGB_NUMBERS = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
CURVES = {
    "linear": (b"curv\0\0\0\0\0\0\0\0", lambda light: light),
    "gamma": (gamma_tag(1.75), lambda light: light ** (1 / 1.75)),
    "table": (table_tag(2.2), lambda light: light ** (1 / 2.2)),
    "parameters 0": (parameters_tag(0, 2.0), lambda light: light**0.5),
    "parameters 3": (parameters_tag(3, *SRGB_NUMBERS), curve),
    "parameters 4": (parameters_tag(4, *SRGB_NUMBERS, 0, 0), curve),
}


def deep(samples: np.ndarray, icc: bytes) -> Image.Image:
    """A TIFF of uint16, reopened."""
    import tifffile

    file = io.BytesIO()
    photometric = "rgb" if samples.ndim == 3 else "minisblack"
    tifffile.imwrite(file, samples, photometric=photometric, iccprofile=icc)
    return open_picture(io.BytesIO(file.getvalue()))


def far(rgb: np.ndarray, right: np.ndarray) -> int:
    return int(np.abs(rgb.astype(int) - np.broadcast_to(np.atleast_3d(right), rgb.shape)).max())


@pytest.mark.parametrize("name", CURVES)
def test_profiles_of_deep_pictures_lose_no_shadows(name: str) -> None:
    tag, encode = CURVES[name]
    wide = np.rint(encode(linear(RGB) @ TO_P3.T) * 65535).astype(np.uint16)
    assert far(to_rgb(deep(wide, profile(tag, TO_P3)))[0], RGB) <= 1
    grey = np.rint(encode(linear(GREY)) * 65535).astype(np.uint16)
    rgb, is_grey = to_rgb(deep(grey, profile(tag, None)))
    assert is_grey
    assert far(rgb, GREY) <= 1


def test_a_broken_profile_of_a_deep_picture_is_a_warning() -> None:
    with pytest.warns(UserWarning, match="sRGB is assumed"):
        assert np.array_equal(to_rgb(deep(RGB * np.uint16(257), b"nonsense"))[0], RGB)


def exif_of(colour_space: int, index: str | None, orientation: int = 1) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif.get_ifd(0x8769)[0xA001] = colour_space
    if index:
        exif.get_ifd(0x8769)[0xA005] = {1: index}
    return exif


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "JPEG"])
@pytest.mark.parametrize("orientation", [1, 3])
def test_adobe_rgb_by_exif(kind: str, orientation: int) -> None:
    flat = np.broadcast_to(np.array([200, 90, 30], np.uint8), (16, 16, 3))
    wide = np.rint((linear(flat) @ TO_ADOBE.T) ** (1 / ADOBE_GAMMA) * 255).astype(np.uint8)
    file = io.BytesIO()
    options = {"quality": 100} if kind == "JPEG" else {"lossless": True} if kind == "WEBP" else {}
    Image.fromarray(wide).save(file, kind, exif=exif_of(0xFFFF, "R03", orientation), **options)
    assert far(to_rgb(open_picture(file))[0], flat) <= (3 if kind == "JPEG" else 1)


@pytest.mark.parametrize(("space", "index"), [(1, None), (1, "R98")])
def test_srgb_by_exif_changes_nothing(space: int, index: str | None) -> None:
    file = io.BytesIO()
    Image.fromarray(RGB).save(file, "PNG", exif=exif_of(space, index))
    assert np.array_equal(to_rgb(open_picture(file))[0], RGB)


def test_colours_that_exif_leaves_open_are_a_warning() -> None:
    file = io.BytesIO()
    Image.fromarray(RGB).save(file, "PNG", exif=exif_of(0xFFFF, None))
    with pytest.warns(UserWarning, match="sRGB is assumed"):
        assert np.array_equal(to_rgb(open_picture(file))[0], RGB)


@pytest.mark.parametrize("codes", [(1, 13), (12, 13), (1, 1)])
def test_codes_of_an_avif(codes: tuple[int, int]) -> None:
    flat = np.broadcast_to(np.array([200, 90, 30], np.uint8), (16, 16, 3))
    wide = np.rint(curve(linear(flat) @ TO_P3.T) * 255).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(wide if codes[0] == 12 else flat).save(file, "AVIF", quality=100, subsampling="4:4:4")
    avif = file.getvalue()
    place = avif.index(b"nclx") + 4
    coded = avif[:place] + struct.pack(">HH", *codes) + avif[place + 4 :]
    assert far(to_rgb(open_picture(io.BytesIO(coded)))[0], flat) <= 3


def test_a_profile_in_jpeg_2000() -> None:
    wide = np.rint((linear(RGB) @ TO_ADOBE.T) ** (1 / ADOBE_GAMMA) * 255).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(wide).save(file, "JPEG2000")
    jp2 = file.getvalue()
    icc = b"\2\0\0" + profile(gamma_tag(ADOBE_GAMMA), TO_ADOBE)
    header, colour = jp2.index(b"jp2h") - 4, jp2.index(b"colr") - 4
    size, old = (int.from_bytes(jp2[place : place + 4], "big") for place in (header, colour))
    box = struct.pack(">I4s", 8 + len(icc), b"colr") + icc
    start = jp2[:header] + struct.pack(">I", size + len(box) - old) + jp2[header + 4 : colour]
    assert far(to_rgb(open_picture(io.BytesIO(start + box + jp2[colour + old :])))[0], RGB) <= 8
    unknown = jp2[: colour + 11] + struct.pack(">I", 21) + jp2[colour + 15 :]
    with pytest.warns(UserWarning, match="number 21"):
        to_rgb(open_picture(io.BytesIO(unknown)))


def test_a_profile_that_pillow_could_not_put_together_is_a_warning() -> None:
    file = io.BytesIO()
    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.fromarray(RGB).save(file, "JPEG", icc_profile=icc)
    jpeg = file.getvalue().replace(b"ICC_PROFILE\0\1\1", b"ICC_PROFILE\0\1\2")  # one part of two
    with pytest.warns(UserWarning, match="profile is damaged"):
        to_rgb(open_picture(io.BytesIO(jpeg)))
