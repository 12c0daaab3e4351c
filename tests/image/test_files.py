"""Picture files that open, that are broken, and that we write: kinds, bombs, sizes, XMP."""

import contextlib
import io
import warnings
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from intaglio.errors import PictureError
from intaglio.image import SUFFIXES, WRITES, encoded, enlarge, from_rgb, open_picture, pad, shrink, to_rgb

RED = np.full((6, 9, 3), (200, 10, 30), np.uint8)


@pytest.fixture(autouse=True)
def _warnings_are_errors() -> None:
    warnings.simplefilter("error")


def gradient(h: int = 12, w: int = 17) -> np.ndarray:
    y, x = np.mgrid[:h, :w]
    return np.stack([y * 255 // (h - 1), x * 255 // (w - 1), (x + y) * 255 // (h + w - 2)], -1).astype(np.uint8)


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def reopened(image: Image.Image, kind: str, **options: object) -> Image.Image:
    return open_picture(io.BytesIO(saved(image, kind, **options)))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "AVIF", "JPEG2000", "TGA"])
def test_every_kind_opens(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "picture"
    Image.fromarray(RED).save(path, kind)
    assert to_rgb(open_picture(path))[0].shape == RED.shape
    assert to_rgb(open_picture(str(path)))[0].shape == RED.shape


def test_suffixes_are_those_that_people_use() -> None:
    assert {".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".avif"} <= SUFFIXES
    assert not {".eps", ".ps", ".pdf", ".itg"} & SUFFIXES


@pytest.mark.parametrize(
    ("name", "says"),
    [("absent.png", "No such file"), ("folder", "directory"), ("text.png", "known kind"), ("cut.png", "broken")],
)
def test_files_that_are_no_picture(tmp_path: Path, name: str, says: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "text.png").write_text("no picture")
    (tmp_path / "cut.png").write_bytes(saved(Image.fromarray(gradient(99, 99)), "PNG")[:300])
    with pytest.raises(PictureError, match=says) as caught:
        open_picture(tmp_path / name)
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "AVIF"])
@given(data=st.data())
def test_broken_files_raise_nothing_else(kind: str, data: st.DataObject) -> None:
    good = bytearray(saved(Image.fromarray(gradient()), kind))
    for _ in range(data.draw(st.integers(1, 4))):
        good[data.draw(st.integers(0, len(good) - 1))] = data.draw(st.integers(0, 255))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with contextlib.suppress(PictureError):
            to_rgb(open_picture(io.BytesIO(bytes(good[: data.draw(st.integers(0, len(good)))]))))


def test_decompression_bombs(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = saved(Image.new("1", (300, 300)), "PNG")
    for limit in (60_000, 20_000):  # Pillow warns from the limit on, and refuses from twice the limit on
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
        with pytest.raises(PictureError, match=f"more than {limit:,} pixels"):
            open_picture(io.BytesIO(bomb))


def test_a_lazy_picture_that_breaks_late() -> None:
    lazy = Image.open(io.BytesIO(saved(Image.fromarray(gradient(99, 99)), "PNG")[:300]))
    with pytest.raises(PictureError, match="cannot be read"):
        to_rgb(lazy)


# Sizes -------------------------------------------------------------------------------------------------------------


@given(h=st.integers(1, 40), w=st.integers(1, 40), multiple=st.integers(1, 16))
def test_pad_repeats_the_edge(h: int, w: int, multiple: int) -> None:
    rgb = np.random.default_rng(h * w).integers(0, 256, (h, w, 3), np.uint8)
    padded = pad(rgb, multiple)
    assert padded.shape == (-(-h // multiple) * multiple, -(-w // multiple) * multiple, 3)
    assert np.array_equal(padded[:h, :w], rgb)
    assert (padded[h:, :w] == rgb[-1:]).all()
    assert (padded[:, w:] == padded[:, w - 1 : w]).all()


@given(h=st.integers(1, 40), w=st.integers(1, 40), scale=st.integers(0, 3), grey=st.booleans())
def test_shrink_and_enlarge(h: int, w: int, scale: int, grey: bool) -> None:
    rgb = np.random.default_rng(h * w).integers(0, 256, (h, w, 3), np.uint8)
    if grey:
        rgb[:] = rgb[..., :1]
    small = shrink(rgb, scale)
    assert small.shape == (-(-h // 2**scale), -(-w // 2**scale), 3)
    large = enlarge(small, (h, w))
    assert (large.dtype, large.shape) == (np.uint8, (h, w, 3))
    if scale == 0:
        assert np.array_equal(large, rgb)
    if grey:
        assert (large == large[..., :1]).all()


def test_flat_pictures_stay_flat() -> None:
    assert (enlarge(shrink(np.full((37, 21, 3), 77, np.uint8), 3), (37, 21)) == 77).all()


# Out ---------------------------------------------------------------------------------------------------------------


def properties(xmp: bytes) -> dict[str, str]:
    root = ET.fromstring(xmp.decode().split("?>", 1)[1].rsplit("<?", 1)[0])
    return {e.tag: e.text or "" for e in root.iter() if e.text and e.text.strip()}


@pytest.mark.parametrize("grey", [False, True])
def test_a_png_says_what_made_it(grey: bool, tmp_path: Path) -> None:
    pixels = np.repeat(np.arange(256, dtype=np.uint8).reshape(16, 16)[..., None], 3, -1) if grey else gradient()
    image = from_rgb(pixels, grey, decoder="lean <1> & co")
    assert image.mode == ("L" if grey else "RGB")
    assert np.array_equal(np.array(image.convert("RGB")), pixels)

    image.save(tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes() == encoded(image)

    written = Image.open(tmp_path / "a.png")
    assert isinstance(written, PngImagePlugin.PngImageFile)
    assert np.array_equal(np.array(written), np.array(image))
    assert written.text["XML:com.adobe.xmp"].encode() == image.info["xmp"]
    assert properties(image.info["xmp"]) == {
        "{http://ns.adobe.com/xap/1.0/}CreatorTool": "Intaglio, decoder lean <1> & co",
        "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}DigitalSourceType": (
            "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
        ),
    }


@pytest.mark.parametrize("ending", [".png", ".jpg", ".webp", ".avif", ".tif"])
@pytest.mark.parametrize("grey", [False, True])
def test_every_kind_says_what_made_it_by_plain_save(ending: str, grey: bool, tmp_path: Path) -> None:
    pixels = np.repeat(np.arange(256, dtype=np.uint8).reshape(16, 16)[..., None], 3, -1) if grey else gradient()
    image = from_rgb(pixels, grey, decoder="lean")
    image.save(tmp_path / f"a{ending}")
    with (tmp_path / "stream").open("wb") as file:
        image.save(file, WRITES[ending], quality=90)
    for data in ((tmp_path / f"a{ending}").read_bytes(), (tmp_path / "stream").read_bytes()):
        written = Image.open(io.BytesIO(data))
        assert written.format == WRITES[ending]
        assert written.info["xmp"] == image.info["xmp"]
        assert np.abs(np.array(written.convert("RGB")).astype(int) - pixels).mean() < 6


def test_what_the_caller_says_of_a_file_counts() -> None:
    file = io.BytesIO()
    from_rgb(RED, False, decoder="lean").save(file, "WEBP", xmp=b"mine", lossless=True)
    written = Image.open(file)
    assert written.info["xmp"] == b"mine"
    assert np.array_equal(np.array(written), RED)


@pytest.mark.parametrize("ending", WRITES)
def test_files_of_high_quality(ending: str) -> None:
    written = Image.open(io.BytesIO(encoded(from_rgb(gradient(), False, "lean"), WRITES[ending])))
    assert written.format == WRITES[ending]
    far = np.abs(np.array(written).astype(int) - gradient())
    assert far.mean() <= (0 if WRITES[ending] in ("PNG", "TIFF", "PPM") else 4)


def test_a_png_says_that_it_is_srgb() -> None:
    assert Image.open(io.BytesIO(encoded(from_rgb(RED, False, "lean")))).info["srgb"] == 0


def test_the_xmp_lies_before_the_pixels_as_uncompressed_itxt() -> None:
    png = encoded(from_rgb(RED, False, "lean"))
    assert 0 < png.index(b"iTXtXML:com.adobe.xmp\0\0\0\0\0<?xpacket") < png.index(b"IDAT")


def test_a_picture_without_xmp_is_written_too(tmp_path: Path) -> None:
    assert np.array_equal(np.array(Image.open(io.BytesIO(encoded(Image.fromarray(RED))))), RED)
