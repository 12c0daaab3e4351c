"""Addresses in place of paths: read, searched and written by the command as paths are, and never loaded where none is named."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from PIL import Image

import intaglio
from intaglio.atomic import write
from intaglio.cli.main import main
from intaglio.errors import IntaglioError
from intaglio.places import exists, place
from intaglio.train.generated import picture

upath = pytest.importorskip("upath")


@pytest.fixture
def bucket(installed: None, tmp_path: Path) -> str:
    """Two pictures and a file that is none, in memory."""
    name = f"memory://{tmp_path.name}"
    for number, inner in enumerate(("a.png", "sub/b.png")):
        Image.fromarray(picture(48, number)).save(tmp_path / "x.png")
        write(place(f"{name}/{inner}"), (tmp_path / "x.png").read_bytes())
    write(place(f"{name}/notes.txt"), b"no picture")
    return name


def test_the_command_reads_and_writes_addresses(
    bucket: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = ["compress", bucket, "-o", f"{bucket}/out/", "--codec", "fasdiff"]
    assert main(line) == 0
    assert "1 .txt" in capsys.readouterr().err
    assert main([*line[:2], "-o", f"{tmp_path}/out/", *line[4:]]) == 0
    for inner in ("a.itg", "sub/b.itg"):
        assert place(f"{bucket}/out/{inner}").read_bytes() == (tmp_path / "out" / inner).read_bytes()
    assert main(line) == 2 and "exists" in capsys.readouterr().err
    assert main([*line, "--skip-existing"]) == 0
    capsys.readouterr()
    assert main(["info", f"{bucket}/out", "--json"]) == 0
    assert len([json.loads(row) for row in capsys.readouterr().out.splitlines()]) == 2
    assert main(["decompress", f"{bucket}/out/a.itg", f"{bucket}/a-again.png", "--steps", "1"]) == 0
    assert intaglio.decompress(f"{bucket}/out/a.itg").size == (48, 48)
    assert intaglio.compress(f"{bucket}/a-again.png", codec="fasdiff")


def test_nothing_there_is_written_over_without_being_told(bucket: str) -> None:
    with pytest.raises(FileExistsError):
        write(place(f"{bucket}/a.png"), b"other", replace=False)
    write(place(f"{bucket}/new.png"), b"new", replace=False)
    assert exists(place(f"{bucket}/new.png")) and place(f"{bucket}/a.png").read_bytes() != b"other"


def test_inside_of_an_archive(installed: None, tmp_path: Path) -> None:
    Image.fromarray(picture(48, 1)).save(tmp_path / "x.png")
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.write(tmp_path / "x.png", "photos/x.png")
    source = f"zip://photos::{tmp_path}/all.zip"
    assert main(["compress", source, "-o", f"{tmp_path}/out/", "--codec", "fasdiff"]) == 0
    assert (tmp_path / "out" / "x.itg").exists()


@pytest.mark.parametrize("name", ["nonsense://bucket/a.png", "memory://nowhere/a.png"])
def test_what_is_not_there_is_a_sentence(
    name: str, installed: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compress", name, f"{tmp_path}/a.itg"]) == 2
    said = capsys.readouterr().err
    assert name in said and "Traceback" not in said and said.count("\n") == 1


def test_an_address_without_the_package_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "upath", None)
    with pytest.raises(IntaglioError, match=r"intaglio\[cloud\]"):
        place("s3://bucket/a.png")
    assert place("a.png") == Path("a.png") and place("file.with:colon/a.png").name == "a.png"


def test_a_file_address_is_a_path(tmp_path: Path) -> None:
    assert place(f"file://{tmp_path}/a.png") == tmp_path / "a.png"


def test_paths_load_no_file_systems() -> None:
    code = "import sys\nfrom intaglio.files import plan\nplan(['a.png'], None, reads={'.png'}, writes='.itg')\n"
    code += "assert not {'fsspec', 'upath'} & set(sys.modules)"
    subprocess.run(
        [sys.executable, "-c", code], check=True, env={"PYTHONPATH": str(Path(intaglio.__file__).parents[1])}
    )
