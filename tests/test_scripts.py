"""The scripts that are run again."""

import runpy
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from intaglio.testing import TinyModel
from intaglio.train import generated

SCRIPTS = Path(__file__).parents[1] / "scripts"


def test_a_strip_of_ours_and_peers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTAGLIO_FASDIFF", str(TinyModel().write(tmp_path / "tiny.safetensors")))
    for i in range(2):
        Image.fromarray(generated.picture(64, i)).save(tmp_path / f"{i}.png")
    out = tmp_path / "out" / "strip.png"
    out.parent.mkdir()
    command = ["sheet.py", str(tmp_path), str(out), "--only", "1", "--bytes", "300", "1500", "--peers", "jpeg", "webp"]
    monkeypatch.setattr(sys, "argv", command)
    runpy.run_path(str(SCRIPTS / "sheet.py"), run_name="__main__")
    with Image.open(out) as image:
        strip = np.array(image)
    assert strip.shape == (2 * (64 + 14), 4 * 64, 3)  # original, ours, two peers; twice
    np.testing.assert_array_equal(strip[:64, :64], generated.picture(64, 1))
    cells = [strip[78 : 78 + 64, 64 * k : 64 * (k + 1)] for k in range(4)]
    assert all(np.ptp(one) > 20 for one in cells)  # with 1,500 bytes everybody shows something
