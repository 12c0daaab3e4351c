"""Losses and judges are apart: no file of training imports a network that judges."""

from __future__ import annotations

import ast
from pathlib import Path

import intaglio.train

JUDGES = {
    *("dists", "lpips_alex", "eld", "kernel_distance", "identity", "detection", "landmark_shift", "facenet", "dlib_faces"),
    *("niqe", "vmaf", "ssimulacra2", "ms_ssim", "psnr"),
}  # fmt: skip


def imported(file: Path) -> set[str]:
    """Full names of all that a file imports, at any depth of its code."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def test_training_imports_no_judge() -> None:
    forbidden = {f"intaglio.measures.{name}" for name in JUDGES} | {"intaglio.measures.available", "intaglio.bench"}
    (folder,) = intaglio.train.__path__
    files = sorted(Path(folder).rglob("*.py"))
    assert len(files) > 5
    seen = {file.name: imported(file) for file in files}
    assert any("intaglio.measures.lpips" in names for names in seen.values())  # the test sees what is imported
    assert {file: names & forbidden for file, names in seen.items() if names & forbidden} == {}


def test_every_measure_is_in_the_table() -> None:
    import intaglio.measures

    (folder,) = intaglio.measures.__path__
    for name in JUDGES:
        assert Path(folder, f"{name}.py").exists()
        assert f"`{name}`" in (intaglio.measures.__doc__ or "") or name == "dlib_faces"
