"""Programs of ten lines as people write them, each run as it stands."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from intaglio.train.generated import picture

NUMPY = """
import numpy as np, intaglio
array = np.random.default_rng(1).integers(0, 256, (40, 56, 3), np.uint8)
for pixels in (array, array[..., 0], array.astype(np.uint16) * 257, np.dstack([array, array[..., :1]])):
    data = intaglio.compress(pixels, codec="fasdiff", quality=30)
    again = np.asarray(intaglio.decompress(data, steps=1))
    assert again.dtype == np.uint8 and again.shape[:2] == (40, 56)
try:
    intaglio.compress(array.astype(float))
except intaglio.PictureError as error:
    assert "uint8 or uint16" in str(error)
"""
RAY = """
import ray, intaglio
class Compressor:
    def __init__(self): self.codec = intaglio.Codec("fasdiff")
    def __call__(self, row): return {"path": row["path"], "itg": self.codec.compress(row["bytes"], max_bytes=400)}
ray.init("local", num_cpus=2, include_dashboard=False, log_to_driver=False)
files = ray.data.read_binary_files("photos", include_paths=True)
rows = files.map(Compressor, compute=ray.data.ActorPoolStrategy(size=1)).take_all()
assert len(rows) == 3 and all(intaglio.inspect(row["itg"]).width == 48 for row in rows)
"""


@pytest.mark.parametrize("program", [NUMPY, RAY], ids=["numpy", "ray"])
def test_a_program_of_ten_lines(program: str, installed: None, tmp_path: Path) -> None:
    if program is RAY:
        pytest.importorskip("ray")
    (tmp_path / "photos").mkdir()
    for number in range(3):
        Image.fromarray(picture(48, number)).save(tmp_path / "photos" / f"{number}.png")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    line = [sys.executable, "-c", program]
    ran = subprocess.run(line, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300)
    assert ran.returncode == 0, ran.stderr
    assert len(program.strip().splitlines()) <= 10
