"""A folder of small pictures, and the command in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from intaglio.train.generated import picture

pytest.importorskip("pyarrow")


def make_photos(root: Path, count: int) -> Path:
    """So many pictures in two folders, and a file that is no picture in spite of its name."""
    for number in range(count):
        path = root / "ab"[number % 2] / f"{number:03}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture(32, number)).save(path)
    (root / "bad.png").write_bytes(b"no picture")
    return root


@pytest.fixture
def photos() -> Callable[[Path, int], Path]:
    return make_photos


@pytest.fixture
def command() -> Callable[..., subprocess.Popen[str]]:
    return start


@pytest.fixture
def source(installed: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """12 pictures and a bad one in `in`, where the test runs; the tiny models installed."""
    monkeypatch.chdir(tmp_path)
    return make_photos(Path("in"), 12)


def start(*line: str) -> subprocess.Popen[str]:
    """The command in a process of its own."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, "-m", "intaglio", *line],
        env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
