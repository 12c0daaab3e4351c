"""Buckets and clusters: the same work where others keep their pictures and their cores."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from intaglio.archive import Compression, Restoration, archive, restore
from intaglio.cli.main import main
from intaglio.options import CompressOptions

pytestmark = pytest.mark.usefixtures("installed")
TASK = Compression(CompressOptions(max_bytes=900), "fasdiff", "cpu")


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A bucket of a server on this machine that speaks S3."""
    server_module = pytest.importorskip("moto.server")
    s3fs = pytest.importorskip("s3fs")
    server = server_module.ThreadedMotoServer(port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    s3fs.S3FileSystem.clear_instance_cache()
    s3fs.S3FileSystem().makedirs("photos", exist_ok=True)
    yield "s3://photos"
    server.stop()
    s3fs.S3FileSystem.clear_instance_cache()


def test_a_bucket(photos: Path, tmp_path: Path, bucket: str) -> None:
    assert archive(str(photos), f"{bucket}/archive", TASK).done == 5
    assert archive(str(photos), f"{bucket}/archive", TASK).passed == 5
    assert restore(f"{bucket}/archive", str(tmp_path / "again"), Restoration(device="cpu"), workers=2).done == 5
    assert restore(f"{bucket}/archive", str(tmp_path / "again"), Restoration(device="cpu")).passed == 5
    assert (tmp_path / "again/in/deep/d.webp.png").exists()


def test_a_bucket_that_is_not_there_is_one_sentence(
    tmp_path: Path, bucket: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["archive", "s3://nobodys/photos", str(tmp_path / "out")]) == 2
    assert "s3://nobodys/photos is not there" in capsys.readouterr().err


def test_a_cluster(photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ray = pytest.importorskip("ray")
    monkeypatch.setenv("RAY_ENABLE_UV_RUN_RUNTIME_ENV", "0")
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    try:
        assert archive(str(photos), str(tmp_path / "one"), TASK, engine="ray").done == 5
        assert archive(str(photos), str(tmp_path / "one"), TASK, engine="ray").passed == 5
    finally:
        ray.shutdown()
    assert archive(str(photos), str(tmp_path / "two"), TASK).done == 5
    for path in (tmp_path / "two").rglob("*.itg"):
        assert path.read_bytes() == (tmp_path / "one" / path.relative_to(tmp_path / "two")).read_bytes()


def test_the_command(photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = ["archive", str(photos), str(tmp_path / "out"), "--codec", "fasdiff", "--bytes", "900"]
    assert main([*line, "--dry-run"]) == 0
    assert "6 pictures to do" in capsys.readouterr().out and not (tmp_path / "out").exists()
    assert main(line) == 2
    said = capsys.readouterr()
    assert "5 done, 0 done before, 1 failed" in said.out and "broken.png: " in said.err
    (photos / "broken.png").unlink()
    assert main([*line, "--quiet"]) == 0 and capsys.readouterr().out == ""
    assert main([*line, "--verify"]) == 0
    assert "5 files drawn again, 0 faults" in capsys.readouterr().out
    (tmp_path / "out/a.png.itg").unlink()
    assert main([*line, "--verify"]) == 2
    assert main(["restore", str(tmp_path / "out"), str(tmp_path / "again"), "--steps", "1"]) == 0
    assert "4 done" in capsys.readouterr().out
