"""Several processes, interrupts and streams that end: what a batch promises whatever befalls it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

from intaglio.cli.main import main
from intaglio.train.generated import picture

COMPRESS = ["compress", "in", "-o", "out/", "--codec", "fasdiff"]


@pytest.fixture(autouse=True)
def here(installed: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a folder with four pictures and a broken one in `in`; the tiny models installed."""
    monkeypatch.chdir(tmp_path)
    Path("in").mkdir()
    for number in range(4):
        Image.fromarray(picture(48, number)).save(f"in/{number}.png")
    Path("in/broken.png").write_bytes(b"no picture")


def started(*line: str) -> subprocess.Popen[str]:
    """The command in a process group of its own, as a shell starts it: hearing Ctrl-C, which tests in the background do not."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.Popen(
        [sys.executable, "-m", "intaglio", *line],
        env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip


def test_in_several_processes_all_is_as_in_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(COMPRESS) == 2
    capsys.readouterr()
    assert main([*COMPRESS[:3], "many/", *COMPRESS[4:], "--jobs", "2", "--json"]) == 2
    said = capsys.readouterr()
    lines = [json.loads(line) for line in said.out.splitlines()]
    assert sorted(line["input"] for line in lines) == [*(f"in/{n}.png" for n in range(4)), "in/broken.png"]
    assert "1 of 5 files failed" in said.err and said.err.count("broken.png") == 1
    for file in Path("out").iterdir():
        assert file.read_bytes() == Path("many", file.name).read_bytes()


def test_what_all_need_and_is_not_there_is_said_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("INTAGLIO_FASDIFF", "absent.safetensors")
    for jobs in ("1", "2"):
        assert main([*COMPRESS, "--jobs", jobs]) == 2
        assert capsys.readouterr().err == (
            "intaglio: there are no weights at absent.safetensors: reinstall intaglio or name another file\n"
        )


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="by /proc it is told which processes work")
def test_a_process_that_dies_takes_its_own_file_alone() -> None:
    with started(*COMPRESS, "--jobs", "2", "--effort", "3", "--json") as command:
        children = Path(f"/proc/{command.pid}/task/{command.pid}/children")
        assert command.stdout is not None
        first = json.loads(command.stdout.readline())
        workers = [
            int(pid)
            for pid in children.read_text().split()
            if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()
        ]
        os.kill(workers[-1], signal.SIGKILL)
        assert command.stderr is not None
        lines = [first, *map(json.loads, command.stdout)]  # communicate() would lose what is read ahead already
        err = command.stderr.read()
    died = [line for line in lines if "ended early (exit code -9)" in line.get("error", "")]
    assert len(lines) == 5 and len(died) == 1
    assert len(list(Path("out").glob("*.itg"))) == 5 - sum("error" in line for line in lines)
    assert command.returncode == 2 and "Traceback" not in err


@pytest.mark.parametrize("many", [True, False])
def test_an_interrupt_in_the_import_of_a_compiled_module_is_one(monkeypatch: pytest.MonkeyPatch, many: bool) -> None:
    def interrupted(*_: object, **__: object) -> None:
        try:
            raise KeyboardInterrupt
        except KeyboardInterrupt as error:
            raise ImportError("initialization failed") from error

    monkeypatch.setattr("intaglio.codec.Codec.compress" if many else "intaglio.codec.Codec.__init__", interrupted)
    assert main(COMPRESS if many else [*COMPRESS[:1], "in/0.png", *COMPRESS[2:]]) == 130


@pytest.mark.parametrize(("stop", "code", "jobs"), [(signal.SIGINT, 130, "2"), (signal.SIGTERM, 143, "1")])
def test_stopped_it_says_what_failed_and_leaves_whole_files(stop: signal.Signals, code: int, jobs: str) -> None:
    for name in ("a", "b", "c"):  # before the others by name, so that one failure is there early
        Path(f"in/{name}.png").write_bytes(b"no picture")
        Path(f"in/{name}.png").rename(f"in/-{name}.png")
    with started(*COMPRESS, "--jobs", jobs, "--effort", "9", "--json") as command:
        assert command.stdout is not None
        while "error" not in json.loads(command.stdout.readline()):
            pass
        time.sleep(0.1)
        os.killpg(command.pid, stop) if stop == signal.SIGINT else command.send_signal(stop)
        _, err = command.communicate(timeout=60)
    assert command.returncode == code, err
    assert "is not a picture" in err and "of 8 files" in err and "Traceback" not in err
    assert all(path.suffix == ".itg" for path in Path("out").iterdir()) if Path("out").exists() else True


def test_a_reader_that_leaves_early_stops_no_batch() -> None:
    Path("in/broken.png").unlink()
    with started(*COMPRESS) as command:
        assert command.stdout is not None and command.stderr is not None
        command.stdout.close()
        assert command.stderr.read() == ""
    assert command.returncode == 0
    assert len(list(Path("out").iterdir())) == 4


def test_names_that_do_something_are_shown_escaped(capsys: pytest.CaptureFixture[str]) -> None:
    name = "x\nred\x1b[31m\u202e.png"
    Path("in/0.png").rename(name)
    assert main(["compress", name, "in/broken.png", "-o", "out/", "--codec", "fasdiff"]) == 2
    assert main(["info", "out"]) == 0
    assert main(["info", "out", "--json"]) == 0
    said = capsys.readouterr()
    assert "x\\nred\\x1b[31m\\u202e.itg" in said.out
    assert "\x1b" not in said.out + said.err and "\u202e" not in said.out + said.err
    assert json.loads(said.out.splitlines()[-1])["file"] == f"out/{name[:-4]}.itg"


@pytest.mark.skipif(sys.platform in ("darwin", "win32"), reason="there names are Unicode")
def test_names_in_a_strict_locale() -> None:
    os.rename("in/0.png", b"in/s\xff\xc3\xa9.png")
    strict = {"LC_ALL": "C", "PYTHONIOENCODING": "ascii:strict", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    environment = os.environ | strict | {"PYTHONPATH": os.pathsep.join(sys.path)}
    lines = [COMPRESS, [*COMPRESS, "--json", "--force"], ["info", "out"], ["decompress", "out", "--steps", "1"]]
    code = f"from intaglio.cli.main import main\nfor line in {lines}: print(main(line))"
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, check=True)
    assert [line for line in done.stdout.splitlines() if line.isdigit()] == [b"2", b"2", b"0", b"0"]
    assert b"Traceback" not in done.stderr and done.stdout.count(rb"s\udcff") >= 4


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="sparse files")
def test_files_larger_than_any_are_not_read(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*COMPRESS[:1], "in/0.png", "-o", "a.itg", "--codec", "fasdiff"]) == 0
    os.truncate("a.itg", 100 << 30)
    with open("zeros.itg", "wb") as file:
        file.truncate(100 << 30)
    capsys.readouterr()
    for command in ("decompress", "info"):
        assert main([command, "a.itg", "zeros.itg"] + (["-o", "out/"] if command == "decompress" else [])) == 2
        said = capsys.readouterr().err
        assert "a.itg: the file has over 64,000,000 bytes, more than is accepted" in said
        assert "zeros.itg: not an .itg file: it begins with 00 00" in said


def test_streams_that_are_closed() -> None:
    """As a service manager or a cron job may start it."""
    closed = f"{sys.executable} -m intaglio {' '.join(COMPRESS)} >&- 2>&- <&-"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    assert subprocess.run(closed, shell=True, env=environment, check=False).returncode == 2
    assert len(list(Path("out").glob("*.itg"))) == 4
    assert all(path.read_bytes().startswith(b"\x90I") for path in Path("out").iterdir())


@pytest.mark.parametrize(
    "error", [MemoryError(), RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: 9 bytes")]
)
def test_too_little_memory_for_the_networks(
    error: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("intaglio.codec.Codec.__init__", fail)
    assert main(COMPRESS) == 2
    assert capsys.readouterr().err == "intaglio: there is not enough memory for it\n"
