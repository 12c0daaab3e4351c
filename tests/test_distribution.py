"""What is released: wheel and sdist build, the wheel works where nothing else of ours is, programs over it are typed, and
the documentation's pages build without a warning."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

PROGRAM = """
import numpy as np

import intaglio

pixels = np.zeros((64, 64, 3), np.uint8)
pixels[16:48, 16:48] = 200
data: bytes = intaglio.compress(pixels, codec="fasdiff", max_bytes=400)
assert len(data) <= 400 and intaglio.inspect(data).width == 64
assert intaglio.decompress(data, steps=1).size == (64, 64)
"""


def run(*line: str | Path, cwd: Path) -> str:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(list(map(str, line)), env=environment, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with wheel and sdist, the wheel out of the sdist."""
    pytest.importorskip("build")
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--outdir", folder, ROOT, cwd=folder)
    return folder


def test_the_wheel_works_where_nothing_else_of_ours_is(distributions: Path, tmp_path: Path) -> None:
    """In an environment of its own, which borrows what is installed here but the package itself."""
    venv.create(tmp_path / "venv", with_pip=False)
    python = tmp_path / "venv" / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    (wheel,) = distributions.glob("*.whl")
    site = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=tmp_path).strip())
    run(sys.executable, "-m", "pip", "install", "--no-deps", "--target", site, wheel, cwd=tmp_path)
    borrowed = [path for path in sys.path if path.endswith("site-packages")]
    (site / "borrowed.pth").write_text("\n".join(borrowed))
    (tmp_path / "program.py").write_text(PROGRAM)
    where = run(python, "-c", "import intaglio; print(intaglio.__file__)", cwd=tmp_path).strip()
    assert Path(where).is_relative_to(site)
    run(python, "program.py", cwd=tmp_path)
    assert "intaglio" in run(python, "-m", "intaglio", "--version", cwd=tmp_path)
    assert "Success" in run(
        python, "-m", "mypy", "--strict", "--cache-dir", tmp_path / "cache", "program.py", cwd=tmp_path
    )


def test_the_sdist_holds_what_is_needed_to_test_it(distributions: Path) -> None:
    (sdist,) = distributions.glob("*.tar.gz")
    with tarfile.open(sdist) as tar:
        names = {name.partition("/")[2] for name in tar.getnames()}
    assert {"pyproject.toml", "Makefile", "LICENSE", "tests/conftest.py", "docs/index.md", "mkdocs.yml"} <= names


def test_the_pages_build_without_a_warning(tmp_path: Path) -> None:
    pytest.importorskip("material")
    said = run(sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", tmp_path / "site", cwd=ROOT)
    assert "WARNING -" not in said
    assert "max_bytes" in (tmp_path / "site/reference/index.html").read_text()
