"""Pictures on the command line: which page, on what background, how large, drawn as which kind."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from intaglio import inspect
from intaglio.cli.main import main
from intaglio.codec import compress


@pytest.fixture(autouse=True)
def here(installed: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a folder with a picture and its file; the tiny models installed."""
    monkeypatch.chdir(tmp_path)
    Image.new("RGB", (24, 16), "teal").save("a.png")
    Path("a.itg").write_bytes(compress("a.png", codec="fasdiff"))


def said(capsys: pytest.CaptureFixture[str]) -> str:
    streams = capsys.readouterr()
    return streams.out + streams.err


@pytest.mark.parametrize(
    ("ending", "kind"),
    [
        ("png", "PNG"),
        ("jpg", "JPEG"),
        ("jpeg", "JPEG"),
        ("webp", "WEBP"),
        ("avif", "AVIF"),
        ("tif", "TIFF"),
        ("ppm", "PPM"),
    ],
)
def test_the_ending_says_the_kind(ending: str, kind: str) -> None:
    assert main(["decompress", "a.itg", f"b.{ending}", "--steps", "1"]) == 0
    assert main(["decompress", "a.itg", "-o", "out/", "--format", ending, "--steps", "1"]) == 0
    assert Path(f"b.{ending}").read_bytes() == Path(f"out/a.{ending}").read_bytes()
    with Image.open(f"b.{ending}") as image:
        assert (image.format, image.size) == (kind, (24, 16))
        assert kind == "PPM" or b"compositeWithTrainedAlgorithmicMedia" in image.info["xmp"]


def test_an_ending_that_is_not_written_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["decompress", "a.itg", "b.gif"]) == 2
    assert "b.gif cannot be OUT" in said(capsys)


def test_standard_output_takes_a_kind(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main(["decompress", "a.itg", "-", "--format", "webp", "--steps", "1"]) == 0
    assert capfdbinary.readouterr().out[8:12] == b"WEBP"


def test_pages(capsys: pytest.CaptureFixture[str]) -> None:
    red, blue = Image.new("RGB", (24, 16), "red"), Image.new("RGB", (30, 20), "blue")
    red.save("pages.tif", save_all=True, append_images=[blue])
    assert main(["compress", "pages.tif", "--codec", "fasdiff"]) == 0
    assert "holds 2 pictures, and the first is taken: --page N" in said(capsys)
    assert inspect(Path("pages.itg").read_bytes()).width == 24
    assert main(["compress", "pages.tif", "second.itg", "--codec", "fasdiff", "--page", "2"]) == 0
    assert inspect(Path("second.itg").read_bytes()).width == 30
    assert Path("second.itg").read_bytes() == compress("pages.tif", codec="fasdiff", page=2)
    assert main(["compress", "pages.tif", "third.itg", "--codec", "fasdiff", "--page", "3"]) == 2
    assert "pages.tif: there is no page 3: the file holds 2" in said(capsys)


def test_a_background(capsys: pytest.CaptureFixture[str]) -> None:
    logo = Image.new("RGBA", (24, 16), (255, 255, 255, 0))
    logo.paste("white", (8, 4, 16, 12))
    logo.save("logo.png")
    assert main(["compress", "logo.png", "--codec", "fasdiff"]) == 0
    assert "can hardly be seen" in said(capsys)
    assert main(["compress", "logo.png", "--codec", "fasdiff", "--background", "#203040", "--force"]) == 0
    assert "can hardly be seen" not in said(capsys)
    flat = Image.new("RGB", (24, 16), "#203040")
    flat.paste("white", (8, 4, 16, 12))
    assert Path("logo.itg").read_bytes() == compress(flat, codec="fasdiff")
    assert main(["compress", "logo.png", "--background", "nonsense", "--force"]) == 2
    assert "background is 'nonsense'" in said(capsys)


def test_larger_pictures_are_shrunk() -> None:
    Image.effect_noise((90, 31), 50).convert("RGB").save("large.png")
    for side, size in ((30, (30, 10)), (90, (90, 31)), (500, (90, 31))):
        assert main(["compress", "large.png", "--codec", "fasdiff", "--max-side", str(side), "--force"]) == 0
        info = inspect(Path("large.itg").read_bytes())
        assert (info.width, info.height) == size


def test_the_help_lists_what_is_read(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["compress", "--help"])
    text = said(capsys)
    assert all(ending in text for ending in (".avif", ".jfif", ".jpf", ".tiff"))
