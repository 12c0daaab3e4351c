"""Archives: what is made, passed over, made again and said, whatever happens in between."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import random
import shutil
import signal
import tarfile
import time
from pathlib import Path

import pytest
from PIL import Image

from intaglio.archive import Compression, Restoration, archive, manifest, restore
from intaglio.archive.checks import estimate, verify
from intaglio.archive.manifest import Manifest, Row
from intaglio.archive.places import Place, PlaceError
from intaglio.archive.tasks import Worker
from intaglio.errors import OptionError
from intaglio.info import inspect
from intaglio.options import CompressOptions
from intaglio.train.generated import picture

pytestmark = pytest.mark.usefixtures("installed")
TASK = Compression(CompressOptions(max_bytes=900), "fasdiff", "cpu")
MADE = {"a.png.itg", "b.jpg.itg", "in/c.png.itg", "in/c.jpg.itg", "in/deep/d.webp.itg"}


def files(folder: Path) -> set[str]:
    """All but the manifest's."""
    paths = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return {path.as_posix() for path in paths if path.parts[0] != ".intaglio"}


def rows(folder: Path) -> dict[str, Row]:
    return {row.name: row for row in Manifest(Place(str(folder))).rows()}


def test_what_is_missing_or_changed_is_done_and_nothing_else(photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    first = archive(str(photos), str(out), TASK)
    assert (first.done, first.passed, first.failed) == (5, 0, 1) and files(out) == MADE
    known = rows(out)
    assert "cannot be read" in known["broken.png"].error or known["broken.png"].error
    for name in MADE:
        row = known[name.removesuffix(".itg")]
        data = (out / name).read_bytes()
        assert row.output == name and row.bytes == len(data) and row.sha256 == hashlib.sha256(data).hexdigest()
        assert row.codec == "fasdiff" and row.settings == "fasdiff max_bytes=900"
    again = archive(str(photos), str(out), TASK)
    assert (again.done, again.passed, again.failed) == (0, 5, 1)
    Image.fromarray(picture(48, 9)).save(photos / "a.png")
    Image.fromarray(picture(48, 8)).save(photos / "broken.png")
    (photos / "in/new.png").write_bytes((photos / "a.png").read_bytes())
    third = archive(str(photos), str(out), TASK)
    assert (third.done, third.passed, third.failed) == (3, 4, 0)
    other = archive(str(photos), str(out), dataclasses.replace(TASK, options=CompressOptions(max_bytes=800)))
    assert (other.done, other.passed) == (7, 0)


def test_the_way_back(photos: Path, tmp_path: Path) -> None:
    archive(str(photos), str(tmp_path / "out"), TASK)
    summary = restore(str(tmp_path / "out"), str(tmp_path / "again"), Restoration(".jpg", device="cpu"))
    assert summary.done == 5 and files(tmp_path / "again") == {name.removesuffix(".itg") + ".jpg" for name in MADE}
    assert Image.open(tmp_path / "again/a.png.jpg").size == (48, 48)
    assert restore(str(tmp_path / "out"), str(tmp_path / "again"), Restoration(".jpg", device="cpu")).passed == 5


def test_tars_are_looked_into_and_lead_nowhere_else(photos: Path, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "shard.tar", "w") as tar:
        tar.add(photos, "set")
        tar.add(photos / "a.png", "../outside.png")
    summary = archive(str(tmp_path / "shard.tar"), str(tmp_path / "out"), TASK)
    assert summary.done == 5 and files(tmp_path / "out") == {f"shard.tar/set/{name}" for name in MADE}
    assert (
        not list(tmp_path.rglob("outside*")) and "leads out" in rows(tmp_path / "out")["shard.tar/../outside.png"].error
    )


def test_several_processes_make_the_same_files(photos: Path, tmp_path: Path) -> None:
    assert archive(str(photos), str(tmp_path / "one"), TASK).done == 5
    assert archive(str(photos), str(tmp_path / "two"), TASK, workers=2).done == 5
    for name in MADE:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_the_manifest_is_merged(photos: Path, tmp_path: Path) -> None:
    for _ in range(3):
        archive(str(photos), str(tmp_path / "out"), TASK)
    merged = Manifest(Place(str(tmp_path / "out")))
    assert len(merged.parts()) == 1 and [row.name for row in merged.rows()].count("broken.png") == 3


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_killed_at_any_moment_nothing_is_lost(photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a row calls done is there, and what is there under a final name is whole."""
    monkeypatch.setattr(manifest, "ROWS", 2)
    rng, out = random.Random(5), tmp_path / "out"
    for number in range(60):
        shutil.copy(photos / "a.png", photos / f"more{number}.png")
    killed = 0
    for _ in range(20):
        child = os.fork()
        if child == 0:
            archive(str(photos), str(out), TASK)
            os._exit(0)
        time.sleep(rng.uniform(0.05, 0.4))
        os.kill(child, signal.SIGKILL)
        killed += os.WIFSIGNALED(os.waitpid(child, 0)[1])
        for row in rows(out).values():
            assert row.error or hashlib.sha256((out / row.output).read_bytes()).hexdigest() == row.sha256
        for name in (name for name in files(out) if name.endswith(".itg")):
            assert inspect((out / name).read_bytes()).width == 48
    last = archive(str(photos), str(out), TASK)
    assert (
        killed > 10 and last.done + last.passed == 65 and len(files(out)) == 65
    )  # parts of killed processes are tidied


def test_an_archive_is_checked_and_estimated(photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    worker = Worker(Place(str(photos)), Place(str(out)), TASK)
    guess = estimate(worker, 20, Place(str(tmp_path / "scratch")))
    assert guess.items == 6 and 0 <= guess.written[0] <= guess.written[1] <= 6 * 900 and guess.seconds[1] > 0
    archive(str(photos), str(out), TASK)
    checks = list(verify(Place(str(photos)), Place(str(out)), 20))
    assert len(checks) == 5 and not any(check.fault for check in checks)
    assert all(check.psnr is not None and check.psnr > 3 for check in checks)
    (out / "a.png.itg").write_bytes(b"other")
    (out / "b.jpg.itg").unlink()
    faults = {check.row.output: check.fault for check in verify(Place(str(photos)), Place(str(out)), 20)}
    assert "other bytes" in faults["a.png.itg"] and "not there" in faults["b.jpg.itg"]


def test_places_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(PlaceError, match="is not there"):
        archive(str(tmp_path / "missing"), str(tmp_path / "out"), TASK)
    with pytest.raises(PlaceError, match="cannot be opened"):
        archive("nonsense://bucket", str(tmp_path / "out"), TASK)
    with pytest.raises(OptionError, match="engine is 'spark'"):
        archive(str(tmp_path), str(tmp_path / "out"), TASK, engine="spark")  # type: ignore[arg-type]
    with pytest.raises(OptionError, match="ending is"):
        Restoration(".gif")


def test_a_place_in_memory(photos: Path) -> None:
    assert archive(str(photos), "memory://out", TASK).done == 5
    assert archive(str(photos), "memory://out", TASK).passed == 5
    assert restore("memory://out", "memory://again", Restoration(device="cpu")).done == 5


def test_nothing_is_loaded_where_nothing_is_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "photos").mkdir()
    monkeypatch.setenv("INTAGLIO_FASDIFF", str(tmp_path / "missing.safetensors"))
    assert archive(str(tmp_path / "photos"), str(tmp_path / "out"), TASK).done == 0
