"""Files written whole or not at all, over nothing but what may be replaced, and nothing left behind."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intaglio.atomic import tidy, write


@given(name=st.from_regex(r"[a-z][a-z0-9_-]{0,20}", fullmatch=True), data=st.binary(max_size=1000))
def test_write_is_whole_and_leaves_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, name: str, data: bytes
) -> None:
    folder = tmp_path_factory.mktemp("write")
    target = folder / "new" / name
    write(target, data)
    write(target, data)
    assert target.read_bytes() == data
    assert [file.name for file in target.parent.iterdir()] == [name]


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "a.itg"
    write(target, b"old")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write(target, b"new")
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


def test_written_files_have_ordinary_permissions(tmp_path: Path) -> None:
    (tmp_path / "plain").write_bytes(b"")
    write(tmp_path / "ours", b"")
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_name_that_is_taken_stays_what_it_is(tmp_path: Path) -> None:
    target = tmp_path / "a.itg"
    write(target, b"first", replace=False)
    with pytest.raises(FileExistsError):
        write(target, b"second", replace=False)
    assert target.read_bytes() == b"first"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("links", [True, False])
def test_of_many_with_one_target_one_is_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool) -> None:
    def none(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")  # a file system without links

    if not links:
        monkeypatch.setattr(os, "link", none)

    def attempt(number: int) -> bool:
        try:
            write(tmp_path / "a.itg", bytes([number]) * 1000, replace=False)
        except FileExistsError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        succeeded = list(pool.map(attempt, range(40)))
    assert succeeded.count(True) == 1
    assert (tmp_path / "a.itg").read_bytes() == bytes([succeeded.index(True)]) * 1000
    assert len(list(tmp_path.iterdir())) == 1


def test_what_is_replaced_leaves_its_permissions(tmp_path: Path) -> None:
    target = tmp_path / "a.itg"
    target.write_bytes(b"old")
    target.chmod(0o600)
    write(target, b"new")
    assert target.read_bytes() == b"new"
    assert stat.S_IMODE(target.stat().st_mode) == 0o600


def test_a_link_is_followed_where_it_may_be_replaced(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    file, link = tmp_path / "deep" / "file", tmp_path / "a.itg"
    link.symlink_to(file)
    with pytest.raises(FileExistsError):  # though it leads nowhere
        write(link, b"data", replace=False)
    assert not file.exists()
    write(link, b"data")
    assert link.is_symlink() and file.read_bytes() == b"data"
    assert [path.name for path in file.parent.iterdir()] == ["file"]


def test_what_is_no_ordinary_file_stays(tmp_path: Path) -> None:
    pipe = tmp_path / "a.itg"
    os.mkfifo(pipe)
    for target in (pipe, tmp_path):
        with pytest.raises(OSError, match="no ordinary file"):
            write(target, b"data")
        with pytest.raises(FileExistsError):
            write(target, b"data", replace=False)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


LIMITED = """
import resource, signal, sys
from pathlib import Path
from intaglio.atomic import write
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    write(Path(sys.argv[1]), bytes(5000))
except OSError as error:
    print(error.filename, error.strerror)
"""


def python(program: str, *arguments: object) -> str:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", program, *map(str, arguments)]
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout


def test_a_file_that_does_not_fit_is_told_by_its_own_name(tmp_path: Path) -> None:
    target = tmp_path / "a.png"
    target.write_bytes(b"old")
    assert python(LIMITED, target).strip() == f"{target} File too large"
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


KILLED = """
import os, signal, sys
from pathlib import Path
from intaglio.atomic import write
os.fsync = lambda file: os.kill(os.getpid(), signal.SIGKILL)
write(Path(sys.argv[1]), b"data")
"""


def test_what_killed_runs_left_is_removed_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "a.itg"
    with pytest.raises(subprocess.CalledProcessError):
        python(KILLED, target)
    (left,) = tmp_path.iterdir()
    ours, machine, process, rest = left.name.split("-")
    stay = [
        f"{ours}-{machine}-{os.getpid()}-{rest}",  # of a process that lives
        f"{ours}-{int(machine, 16) ^ 1:08x}-{process}-{rest}",  # another machine's
        f"{left.name}.txt",
        "a.part",
    ]
    for name in stay:
        (tmp_path / name).touch()
    tidy([target, tmp_path / "absent" / "b.itg"])
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(stay)
