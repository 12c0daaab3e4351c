"""Files as they come: cut short, with broken EXIF, of several pages, of kinds that need a package or are none."""

import io
import struct
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from intaglio.endings import PLUGINS
from intaglio.errors import PictureError
from intaglio.image import SUFFIXES, as_picture, open_picture, to_rgb

GREY = np.arange(256, dtype=np.uint8).reshape(16, 16)
RGB = np.stack([GREY, GREY[::-1], GREY.T], -1)
SMOOTH = np.array(Image.fromarray(RGB).resize((160, 160)))


@pytest.fixture(autouse=True)
def _warnings_are_errors() -> None:
    warnings.simplefilter("error")


def saved(kind: str, pixels: np.ndarray = RGB, **options: object) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, **options)
    return file.getvalue()


def read(data: bytes, page: int | None = None) -> np.ndarray:
    return to_rgb(open_picture(io.BytesIO(data), page))[0]


# Damage --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lost", [1, 2])
def test_a_jpeg_without_its_end_mark_is_drawn(lost: int) -> None:
    jpeg = saved("JPEG", SMOOTH)
    with pytest.warns(UserWarning, match="end mark is missing"):
        assert np.array_equal(read(jpeg[:-lost]), read(jpeg))


def test_a_jpeg_that_is_cut_says_how_much_is_missing() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (160, 160, 3), np.uint8)
    jpeg = saved("JPEG", noise)
    with pytest.warns(UserWarning, match=r"cut short: the lowest (5\d|60)% of it are missing"):
        rgb = read(jpeg[: len(jpeg) * 4 // 10])
    assert np.array_equal(rgb[:40], read(jpeg)[:40])


def test_a_progressive_jpeg_that_is_cut_may_be_coarser() -> None:
    jpeg = saved("JPEG", SMOOTH, progressive=True, quality=95)
    with pytest.warns(UserWarning, match="coarser"):
        read(jpeg[: len(jpeg) * 6 // 10])


def test_too_little_of_a_jpeg_is_refused() -> None:
    with pytest.raises(PictureError, match="broken"):
        read(saved("JPEG")[:100])


def exif(*entries: tuple[int, int, int, int], order: str = ">") -> bytes:
    """EXIF of one directory: tag, type, count, and value or offset."""
    directory = b"".join(
        struct.pack(f"{order}HHIHH", tag, kind, count, value, 0)
        if kind == 3
        else struct.pack(f"{order}HHII", tag, kind, count, value)
        for tag, kind, count, value in entries
    )
    start = {"<": b"II*\0", ">": b"MM\0*"}[order] + struct.pack(f"{order}I", 8)
    return b"Exif\0\0" + start + struct.pack(f"{order}H", len(entries)) + directory + bytes(4)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    "broken",
    [
        (0x010F, 2, 40, 60_000),  # a text that lies behind the end
        (0x010F, 99, 1, 0),  # a type that there is not
        (0x010F, 2, 0xFFFFFFFF, 8),  # a length that cannot be
        (0x011A, 5, 1, 60_000),  # a fraction that lies behind the end
    ],
)
def test_a_good_orientation_beside_a_broken_tag_counts(order: str, broken: tuple[int, int, int, int]) -> None:
    tags = sorted([broken, (0x0112, 3, 1, 6)])
    data = saved("JPEG", SMOOTH[:80], exif=exif(*tags, order=order))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's own of the broken tag
        upright = read(data)
    assert np.array_equal(upright, np.rot90(read(saved("JPEG", SMOOTH[:80])), -1))


# Pages ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "TIFF", "AVIF", "MPO"])
def test_the_first_of_several_is_taken_with_a_warning(kind: str) -> None:
    options = {"lossless": True} if kind == "WEBP" else {}
    others = [Image.fromarray(255 - GREY), Image.fromarray(GREY // 2)]
    data = saved(kind, GREY, save_all=True, append_images=others, **options)
    with pytest.warns(UserWarning, match="holds 3 pictures, and the first is taken"):
        first = read(data)
    tolerance = {"MPO": 20, "AVIF": 40}.get(kind, 1)
    for page, right in ((1, GREY), (2, 255 - GREY), (3, GREY // 2)):
        assert np.abs(read(data, page)[..., 0].astype(int) - right).max() <= tolerance
    assert np.array_equal(first, read(data, 1))
    with pytest.raises(PictureError, match="no page 4: the file holds 3"):
        read(data, 4)


def test_a_page_is_a_files() -> None:
    with pytest.raises(PictureError, match="of a file alone"):
        as_picture(RGB, page=2)


# Kinds ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("header", [108, 124])
def test_a_bmp_whose_alpha_is_empty_is_opaque(header: int) -> None:
    pixels = np.dstack([RGB[::-1, :, ::-1], np.zeros_like(GREY)])
    masks = struct.pack("<5I", 0xFF0000, 0xFF00, 0xFF, 0xFF000000, 0x73524742)
    info = (struct.pack("<IiiHHIIiiII", header, 16, 16, 1, 32, 3, 0, 0, 0, 0, 0) + masks).ljust(header, b"\0")
    bmp = b"BM" + struct.pack("<IHHI", 14 + header + pixels.size, 0, 0, 14 + header) + info + pixels.tobytes()
    assert np.array_equal(read(bmp), RGB)
    pixels[0, 0, 3] = 255  # the lowest left pixel alone is seen: that alpha is meant
    rgb = read(bmp[: -pixels.size] + pixels.tobytes())
    assert rgb[15, 0].tolist() == RGB[15, 0].tolist()
    assert (rgb[:15] == 255).all()


@pytest.mark.parametrize("kind", PLUGINS)
def test_kinds_of_other_packages(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    starts = {"HEIF": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "JXL": b"\xff\x0a\0\0\0\0\0\0\0\0\0\0"}
    plugin = PLUGINS[kind]
    assert (set(plugin.endings) <= SUFFIXES) == plugin.installed
    monkeypatch.setattr(type(plugin), "installed", False)
    with pytest.raises(PictureError, match=f"is {kind}, which needs {plugin.package}: pip install {plugin.package}"):
        read(starts[kind])


def test_heif_is_read_where_its_package_is() -> None:
    pytest.importorskip("pillow_heif").register_heif_opener()
    assert np.abs(read(saved("HEIF", SMOOTH, quality=95)).astype(int) - SMOOTH).mean() < 5
    for orientation in (3, 6):
        turned = saved("HEIF", SMOOTH[:80], exif=exif((0x0112, 3, 1, orientation)))
        assert np.abs(read(turned).astype(int) - np.rot90(SMOOTH[:80], {3: 2, 6: -1}[orientation])).mean() < 5


def test_jpeg_xl_is_read_where_its_package_is() -> None:
    pytest.importorskip("pillow_jxl")
    assert np.array_equal(read(saved("JXL", RGB, lossless=True)), RGB)


def jpeg_of(bits: int, marker: int = 0xC1) -> bytes:
    """The start of a JPEG of so many bits a sample."""
    frame = struct.pack(">BHHB", bits, 16, 16, 1) + b"\1\x11\0"
    return (
        b"\xff\xd8\xff" + bytes([marker]) + struct.pack(">H", 2 + len(frame)) + frame + b"\xff\xda\0\x08\1\1\0\0\x3f\0"
    )


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (jpeg_of(12), "a JPEG of 12 bits a sample, which needs imagecodecs"),
        (jpeg_of(16, 0xC3), "a lossless JPEG"),
        (b"%PDF-1.7", "a PDF"),
        (b"%!PS-Adobe-3.0 EPSF-3.0", "PostScript"),
        (b"  <svg xmlns='x'/>", "an SVG drawing"),
        (b"8BPS\0\1", "a Photoshop document"),
        (b"", "is empty"),
        (b"words", "not a picture of a known kind"),
        (saved("GIF")[:8], "is a GIF, but broken"),
    ],
)
def test_the_true_reason_is_given(data: bytes, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "imagecodecs", None)  # as where it is not installed
    (tmp_path / "a.jpg").write_bytes(data)
    with pytest.raises(PictureError, match=says) as caught:
        open_picture(tmp_path / "a.jpg")
    assert str(caught.value).count("a.jpg") == 1
    assert "\n" not in str(caught.value)


def test_sixteen_bits_of_jpeg_2000() -> None:
    codecs = pytest.importorskip("imagecodecs")
    for samples in (RGB * np.uint16(257), GREY * np.uint16(257), np.dstack([RGB, GREY * 0 + 255]) * np.uint16(257)):
        jp2 = codecs.jpeg2k_encode(samples, level=0, reversible=True, codecformat="jp2")
        right = np.atleast_3d(samples)[..., :3] // 257
        assert np.array_equal(read(jp2), np.broadcast_to(right, (16, 16, 3)))


def test_twelve_bits_of_jpeg() -> None:
    codecs = pytest.importorskip("imagecodecs")
    samples = (SMOOTH.astype(np.uint32) * 4095 // 255).astype(np.uint16)
    jpeg = codecs.jpeg8_encode(samples, level=100, bitspersample=12, subsampling="444")
    assert np.abs(read(jpeg).astype(int) - SMOOTH).max() <= 1


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "a.png").open("wb") as file:
        file.truncate(100 << 30)
    with pytest.raises(PictureError, match="107,374,182,400 bytes"):
        open_picture(tmp_path / "a.png")
