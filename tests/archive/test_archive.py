"""`intaglio archive` and `restore`: all is done once, again only what is missing or changed, whatever stops it."""

from __future__ import annotations

import hashlib
import io
import json
import os
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from PIL import Image

import intaglio
from intaglio.archive import Workers, archive, restore
from intaglio.archive.manifest import Manifest
from intaglio.cli.main import main
from intaglio.errors import OptionError
from intaglio.options import CompressOptions
from intaglio.train.generated import picture

Photos = Callable[[Path, int], Path]
Command = Callable[..., subprocess.Popen[str]]
ARCHIVE = ["archive", "in", "out", "--codec", "fasdiff", "--jobs", "1", "--threads", "1", "--json"]


def said(capsys: pytest.CaptureFixture[str]) -> dict[str, float]:
    facts: dict[str, float] = json.loads(capsys.readouterr().out.splitlines()[0])
    return facts


def check(target: Path) -> int:
    """That every result is whole and as the list says, and nothing half is left; returns how many there are."""
    rows = [row for row in Manifest(target).rows() if not row["error"]]
    for row in rows:
        data = (target / row["result"]).read_bytes()
        assert hashlib.sha256(data).hexdigest() == row["sha256"] and len(data) == row["bytes"]
    for file in target.rglob("*.itg"):
        intaglio.inspect(file)
    return len(rows)


def test_again_only_what_is_missing_or_changed(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(ARCHIVE) == 2  # of the bad one
    first = capsys.readouterr()
    assert json.loads(first.out)["done"] == 12 and "bad.png" in first.err and "1 of 13 pictures failed" in first.err
    assert check(Path("out")) == 12
    bad = [row for row in Manifest(Path("out")).rows() if row["error"]]
    assert [row["path"] for row in bad] == ["bad.png"] and bad[0]["result"] is None
    before = {file: file.stat().st_mtime_ns for file in Path("out").rglob("*.itg")}
    Path("in/bad.png").unlink()
    assert main(ARCHIVE) == 0 and said(capsys)["done"] == 0
    Path("out/a/000.png.itg").unlink()
    Image.fromarray(picture(32, 99)).save("in/b/001.png")
    Image.fromarray(picture(32, 98)).save("in/new.png")
    assert main(ARCHIVE) == 0 and said(capsys)["done"] == 3
    after = {file: file.stat().st_mtime_ns for file in Path("out").rglob("*.itg")}
    assert {str(file) for file in after if before.get(file) != after[file]} == {
        "out/a/000.png.itg", "out/b/001.png.itg", "out/new.png.itg"
    }  # fmt: skip
    assert main([*ARCHIVE, "--quality", "30"]) == 0 and said(capsys)["done"] == 13  # other options, other results
    assert check(Path("out")) == 13


def test_there_and_back(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(ARCHIVE) == 2
    capsys.readouterr()
    back = ["restore", "out", "back", "--steps", "1", "--jobs", "1", "--threads", "1", "--json"]
    assert main(back) == 0 and said(capsys)["done"] == 12
    with Image.open("back/a/000.png") as image:
        assert image.size == (32, 32)
    assert main(back) == 0 and said(capsys)["done"] == 0


def test_tars_as_web_datasets_have_them(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("tars").mkdir()
    with tarfile.open("tars/shard-0.tar", "w") as tar:
        for number, file in enumerate(sorted(source.rglob("0*.png"))):
            tar.add(file, f"{number:03}.png")
            label = tarfile.TarInfo(f"{number:03}.cls")
            label.size = 1
            tar.addfile(label, io.BytesIO(b"7"))
        tar.add(source / "a/000.png", "../../outside.png")
    Path("tars/cut.tar").write_bytes(Path("tars/shard-0.tar").read_bytes()[:3000])
    line = [ARCHIVE[0], "tars", *ARCHIVE[2:]]
    assert main(line) == 2
    assert json.loads((told := capsys.readouterr()).out)["done"] >= 12 and "cut.tar" in told.err
    assert Path("out/shard-0.tar/000.png.itg").exists()
    assert "leads out of" in told.err and not list(Path(".").glob("outside*"))
    Path("tars/cut.tar").unlink()
    assert main(line) == 2 and said(capsys)["done"] == 0
    assert main([ARCHIVE[0], "tars/shard-0.tar", "one", *ARCHIVE[3:]]) == 2 and said(capsys)["done"] == 12


def test_a_sample_is_looked_at_again(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("in/bad.png").unlink()
    assert main([*ARCHIVE, "--verify", "5"]) == 0
    sheets = json.loads(capsys.readouterr().out.splitlines()[1])["verified"]
    assert len(sheets) == 5 and all(sheet["psnr"] > 3 for sheet in sheets)
    for file in Path("out").rglob("*.itg"):
        file.write_bytes(file.read_bytes()[:-1])
    assert main([*ARCHIVE, "--verify"]) == 2
    assert capsys.readouterr().err.count("is not the file that was written") == 12


def test_a_dry_run_writes_nothing_and_tells_an_interval(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*ARCHIVE, "--dry-run", "6"]) == 0
    facts = said(capsys)
    value, low, high = facts["bytes"]  # type: ignore[misc]
    assert facts["pictures"] == 13 and facts["sampled"] == 6 and 0 < low <= value <= high
    assert not Path("out").exists()
    assert main(ARCHIVE) == 2
    done = json.loads(capsys.readouterr().out)["bytes"]
    assert 0.5 * low < done < 2 * high


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (["archive", "nowhere", "out"], "neither a folder nor a .tar"),
        (["archive", "in", "out", "--gpus", "1"], "--engine ray"),
        (["archive", "s4://bucket", "out"], "s4://bucket"),
    ],
)
def test_what_cannot_be_is_a_sentence(
    line: list[str], words: str, source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(line) == 2
    told = capsys.readouterr().err
    assert words in told and "Traceback" not in told


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="by /proc it is told which processes work")
def test_a_worker_that_dies_is_a_row(source: Path, photos: Photos, command: Command) -> None:
    photos(source, 200)
    with command(*ARCHIVE) as process:
        assert process.stdout is not None and process.stderr is not None
        while process.poll() is None and not any(Path("out").rglob("*.itg")):
            time.sleep(0.02)
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        workers = [int(pid) for pid in children if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]
        os.kill(workers[0], signal.SIGKILL)
        facts, err = json.loads(process.stdout.read()), process.stderr.read()
    assert process.returncode == 2 and "ended early (exit code -9)" in err
    assert facts["done"] == 199 and facts["failed"] == 2 and check(Path("out")) == 199


KILLED = """
import os, random, shutil, signal, sys, time
from pathlib import Path
from intaglio.archive import archiving
from intaglio.archive import Workers, archive, restore
from intaglio.archive.manifest import Manifest
from intaglio.archive.picture_work import Settings, load
from intaglio.options import CompressOptions

archiving.SECONDS, archiving.MERGED_AT = 0.03, 4  # so that all there is to interrupt comes often
settings = Settings("in", "out", CompressOptions(), "fasdiff", threads=1)
work = load(settings)
Manifest(Path("out")).add([work(next(archiving.items("in", settings.reads)))])  # all that is loaded late is
shutil.rmtree("out")
chance = random.Random(int(sys.argv[1]))
for _ in range(20):
    here, there = os.pipe()
    child = os.fork()
    if not child:
        show = lambda report, row: os.write(there, b".")
        try:
            archiving.run(settings, lambda settings, known: map(work, archiving.missing(settings, known)), show)
        finally:
            os._exit(0)
    os.close(there)
    os.read(here, 1)  # it works by now
    time.sleep(chance.uniform(0, 0.2))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    rows = [row for row in Manifest(Path("out")).rows() if not row["error"]]
    assert all((Path("out") / row["result"]).stat().st_size == row["bytes"] for row in rows)
    print("listed", len(rows))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")
def test_killed_at_20_random_moments_it_loses_nothing(
    source: Path, photos: Photos, capsys: pytest.CaptureFixture[str]
) -> None:
    photos(source, 300)
    Path("in/bad.png").unlink()
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "OMP_NUM_THREADS": "1"}
    ran = subprocess.run(
        [sys.executable, "-c", KILLED, "1"], env=environment, text=True, capture_output=True, check=True
    )
    listed = [int(line.split()[1]) for line in ran.stdout.splitlines() if line.startswith("listed")]
    assert len(listed) == 20 and listed == sorted(listed) and listed[-1] > 0  # nothing that was done is lost
    assert main(ARCHIVE) == 0 and said(capsys)["done"] == 300 - listed[-1]  # and nothing is done twice
    assert check(Path("out")) == 300 == len(list(Path("out").rglob("*.itg")))
    assert not list(Path("out").rglob(".*"))  # no half files
    assert len(set(pq.read_table("out/manifest.parquet")["path"].to_pylist())) == 300


@pytest.mark.skipif(sys.platform == "win32", reason="there are no process groups")
@pytest.mark.parametrize("everything", [True, False])
def test_killed_with_its_workers_or_alone_another_run_ends_it(
    everything: bool, source: Path, photos: Photos, command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    photos(source, 100)
    Path("in/bad.png").unlink()
    with command(*ARCHIVE) as process:
        while process.poll() is None and not any(Path("out").rglob("*.itg")):
            time.sleep(0.02)
        os.killpg(process.pid, signal.SIGKILL) if everything else process.kill()
    count = len(list(Path("out").rglob("*.itg")))
    gone = time.monotonic() + 30
    with suppress(ProcessLookupError):  # a worker ends with who gave it work
        while time.monotonic() < gone:
            os.killpg(process.pid, 0)
            time.sleep(0.02)
    assert time.monotonic() < gone and len(list(Path("out").rglob("*.itg"))) <= count + 1
    assert main(ARCHIVE) == 0
    assert check(Path("out")) == 100 and not list(Path("out").rglob(".*"))


def test_from_python(source: Path) -> None:
    seen = list[str]()
    workers = Workers(jobs=1)
    report = archive(
        source, "out", codec="fasdiff", quality=20, workers=workers, show=lambda _, row: seen.append(row["path"])
    )
    assert (report.done, report.failed, len(seen)) == (12, 1, 13)
    assert restore("out", Path("back"), steps=1, workers=workers).done == 12
    assert sorted(file.name for file in Path("back/a").iterdir()) == [f"{n:03}.png" for n in range(0, 12, 2)]
    assert archive(source, "out", CompressOptions(quality=20), codec="fasdiff", workers=workers).done == 0
    with pytest.raises(OptionError, match="no option 'qualtiy'"):
        archive(source, "out", qualtiy=20)  # type: ignore[call-arg]
