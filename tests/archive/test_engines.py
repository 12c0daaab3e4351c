"""Archives where a cluster's are: on S3, and by Ray."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from intaglio.archive.manifest import Manifest
from intaglio.cli.main import main
from intaglio.places import place

LINE = ["--codec", "fasdiff", "--jobs", "1", "--threads", "1", "--json"]


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An empty bucket of a server on this machine that speaks S3."""
    pytest.importorskip("s3fs")
    pytest.importorskip("upath")
    server = pytest.importorskip("moto.server").ThreadedMotoServer(port=0)
    server.start()
    host, port = server.get_host_and_port()
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    import s3fs

    s3fs.S3FileSystem.clear_instance_cache()
    s3fs.S3FileSystem().mkdir("photos")
    yield "s3://photos"
    s3fs.S3FileSystem.clear_instance_cache()
    server.stop()


def test_from_a_bucket_to_a_bucket_and_back(bucket: str, source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for file in source.rglob("*.png"):
        target = place(f"{bucket}/in/{file.relative_to(source)}")
        target.write_bytes(file.read_bytes())
    line = ["archive", f"{bucket}/in", f"{bucket}/out", *LINE]
    assert main(line) == 2
    assert json.loads((told := capsys.readouterr()).out)["done"] == 12 and "bad.png" in told.err
    rows = [row for row in Manifest(place(f"{bucket}/out")).rows() if not row["error"]]
    assert all(len(place(f"{bucket}/out/{row['result']}").read_bytes()) == row["bytes"] for row in rows)
    place(f"{bucket}/in/bad.png").unlink()
    place(f"{bucket}/out/a/000.png.itg").unlink()
    place(f"{bucket}/in/b/001.png").write_bytes((source / "b/003.png").read_bytes())
    assert main(line) == 0 and json.loads(capsys.readouterr().out)["done"] == 2
    assert main(["restore", f"{bucket}/out", "back", "--steps", "1", *LINE[2:]]) == 0
    assert len(list(Path("back").rglob("*.png"))) == 12


@pytest.mark.skipif(sys.platform == "win32", reason="Ray is no more than tried there")
def test_by_ray_as_by_processes(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("ray")
    assert main(["archive", "in", "pool", *LINE]) == 2
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "OMP_NUM_THREADS": "1"}
    ran = subprocess.run(  # with nothing of ours in it before, as Ray forks
        [sys.executable, "-m", "intaglio", "archive", os.path.abspath("in"), os.path.abspath("ray"), *LINE, "--engine", "ray"],
        env=environment, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert ran.returncode == 2, ran.stderr
    assert json.loads(ran.stdout)["done"] == 12 and "bad.png" in ran.stderr
    results = sorted(Path("pool").rglob("*.itg"))
    assert len(results) == 12
    for file in results:
        assert file.read_bytes() == Path("ray", file.relative_to("pool")).read_bytes()
