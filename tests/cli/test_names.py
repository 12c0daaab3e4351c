"""Names on the command line as people type them, and failures that are none of ours."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from intaglio.cli.main import main
from intaglio.codec import Codec


@pytest.fixture(autouse=True)
def here(installed: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a folder with three pictures; the tiny models installed."""
    monkeypatch.chdir(tmp_path)
    for name in ("a.png", "b.png", "c.png"):
        Image.new("RGB", (24, 16), "teal").save(name)


def written() -> list[str]:
    return sorted(str(path) for path in Path().rglob("*.itg"))


@pytest.mark.parametrize(
    "line",
    [
        ["a.png", "--codec", "fasdiff", "--bytes", "700", "out.itg"],
        ["--codec", "fasdiff", "a.png", "--bytes", "700", "out.itg"],
        ["a.png", "--codec", "fasdiff", "-o", "out.itg"],
    ],
)
def test_names_behind_options(line: list[str]) -> None:
    assert main(["compress", *line]) == 0
    assert written() == ["out.itg"]


def test_what_is_no_name_behind_options_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["compress", "a.png", "--fast"])
    assert stop.value.code == 2
    assert "unrecognized arguments: --fast" in capsys.readouterr().err


def test_the_last_of_several_pictures_is_no_out(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compress", "a.png", "b.png", "c.png"]) == 2
    assert "c.png, the last of several names, cannot be OUT" in (said := capsys.readouterr().err)
    assert "-o OUT" in said
    assert not written()


@pytest.mark.parametrize("line", [[""], ["a.png", ""], ["a.png", "-o", ""]])
def test_an_empty_name_is_no_folder(line: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compress", *line]) == 2
    assert "a name is empty" in capsys.readouterr().err
    assert not written()


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (MemoryError(), "there is not enough memory for it"),
        (RuntimeError("no memory\nat 0x12"), "RuntimeError: no memory"),
    ],
)
def test_whatever_one_file_does_the_others_are_done(
    error: Exception, says: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    compress = Codec.compress

    def sometimes(self: Codec, image: Image.Image, *options: object, **more: object) -> bytes:
        if image.size == (25, 16):
            raise error
        return compress(self, image, *options, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(Codec, "compress", sometimes)
    Image.new("RGB", (25, 16)).save("b.png")
    assert main(["compress", "a.png", "b.png", "c.png", "-o", "out/", "--codec", "fasdiff", "--json"]) == 2
    said = capsys.readouterr()
    assert written() == ["out/a.itg", "out/c.itg"]
    assert [line.get("error") for line in map(json.loads, said.out.splitlines())] == [None, says, None]
    assert f"b.png: {says}\n" in said.err and "Traceback" not in said.err


def test_names_that_the_terminal_cannot_show(capsys: pytest.CaptureFixture[str]) -> None:
    strange = "x\udcff.png"  # bytes that are no UTF-8, as Python has them
    assert main(["compress", strange]) == 2
    assert "cannot be read" in capsys.readouterr().err


def test_a_reader_that_leaves_early_is_no_error() -> None:
    Codec("fasdiff", device="cpu")
    assert main(["compress", "a.png", "--codec", "fasdiff"]) == 0
    line = f"{sys.executable} -m intaglio info a.itg | true"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(line, shell=True, env=environment, capture_output=True, text=True, check=False)
    assert done.stderr == ""


def test_a_second_run_passes_over_what_is_done(capsys: pytest.CaptureFixture[str]) -> None:
    line = ["compress", "a.png", "b.png", "-o", "out/", "--codec", "fasdiff"]
    assert main(line) == 0
    assert main(line) == 2
    assert "--skip-existing passes it over" in capsys.readouterr().err
    before = {path: Path(path).stat().st_mtime_ns for path in written()}
    assert main([*line[:3], "c.png", *line[3:], "--skip-existing"]) == 0
    assert "2 of 3 files exist already and are passed over" in capsys.readouterr().err
    assert written() == ["out/a.itg", "out/b.itg", "out/c.itg"]
    assert all(Path(path).stat().st_mtime_ns == time for path, time in before.items())


def test_info_of_several_files(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compress", "a.png", "b.png", "-o", "out/", "--codec", "fasdiff"]) == 0
    Path("out/cut.itg").write_bytes(Path("out/a.itg").read_bytes()[:-2])
    capsys.readouterr()
    assert main(["info", "out/a.itg", "out/cut.itg", "nothing.itg", "out/b.itg", "--json", "--sections"]) == 2
    said = capsys.readouterr()
    facts = [json.loads(line) for line in said.out.splitlines()]
    assert [fact["file"] for fact in facts] == ["out/a.itg", "out/b.itg"]
    assert all(set(fact["sections"]) == {"lf", "h", "y"} for fact in facts)
    assert [line.split(":")[1] for line in said.err.splitlines()] == [" out/cut.itg", " nothing.itg"]


def test_info_of_a_slot(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compress", "a.png", "slot.itg", "--codec", "fasdiff", "--bare"]) == 0
    data = Path("slot.itg").read_bytes()
    Path("slot.itg").write_bytes(data + bytes(20))
    assert main(["info", "slot.itg", "--bare"]) == 2
    assert main(["info", "slot.itg", "--bare", "--length", str(len(data))]) == 0
    assert f"{'payload bytes':18}" in capsys.readouterr().out
