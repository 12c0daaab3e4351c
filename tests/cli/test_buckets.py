"""Names that fsspec opens stand wherever a command takes files."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest
from PIL import Image

from intaglio.cli.main import main
from intaglio.train.generated import picture

pytestmark = pytest.mark.usefixtures("installed")


@pytest.fixture
def bucket(tmp_path: Path) -> Iterator[str]:
    """Two pictures in two folders of a bucket."""
    fs = fsspec.filesystem("memory")
    for number, name in enumerate(["a.png", "in/b.jpg"]):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(picture(48, number)).save(path)
        fs.makedirs("/photos/in", exist_ok=True)
        fs.pipe_file(f"/photos/{name}", path.read_bytes())
    yield "memory://photos"
    fs.rm("/", recursive=True)


def test_from_a_bucket_into_a_bucket_and_out(bucket: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = ["compress", bucket, "memory://out/", "--codec", "fasdiff", "--bytes", "900"]
    assert main(line) == 0
    assert main(line) == 2 and "exists" in capsys.readouterr().err
    assert main([*line, "--skip-existing"]) == 0 and "2 of 2 files exist" in capsys.readouterr().err
    assert main(["info", "memory://out/in/b.itg"]) == 0 and "fasdiff" in capsys.readouterr().out
    assert main(["decompress", "memory://out", f"{tmp_path}/drawn", "--steps", "1"]) == 0
    assert Image.open(tmp_path / "drawn/in/b.png").size == (48, 48)
    assert main(["decompress", "memory://out/a.itg", "memory://drawn/a.jpg", "--steps", "1"]) == 0
    assert fsspec.filesystem("memory").isfile("/drawn/a.jpg")


def test_out_of_a_zip(tmp_path: Path) -> None:
    Image.fromarray(picture(48, 0)).save(tmp_path / "a.png")
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as file:
        file.write(tmp_path / "a.png", "a.png")
    line = ["compress", f"zip://a.png::{tmp_path}/photos.zip", str(tmp_path / "a.itg"), "--codec", "fasdiff"]
    assert main([*line, "--bytes", "900"]) == 0 and (tmp_path / "a.itg").stat().st_size <= 900


@pytest.mark.parametrize("name", ["nonsense://photos/a.png", "memory://nothing/a.png"])
def test_places_that_are_none_are_one_sentence(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compress", name, str(tmp_path / "a.itg")]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
