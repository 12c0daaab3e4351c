"""The simulated print and camera: what is sharp is read, what is not is not, and the same seed gives the same picture."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("zxingcpp")

from intaglio.barcode import finding
from intaglio.barcode.symbols import encode
from intaglio.bench import camera
from intaglio.bench.photographed import measure
from intaglio.errors import OptionError

CONTENT = b"in a photograph"
SHOT = camera.Shot(8, 20, 30, 0.5, 1, 2, 0.3, 0.3, 4)


def read(shot: camera.Shot) -> bool:
    rng = np.random.default_rng(1)
    card = camera.printed(encode("qr", CONTENT, "M"), 4, 0.33, rng)
    picture = camera.photograph(card, 0.33, shot, rng)
    return any(found.content == CONTENT for look in finding.looks(picture) for found in look.whole)


def test_nearer_and_sharper_is_read() -> None:
    assert read(SHOT) and read(replace(SHOT, pixels=4, defocus=0.5))
    assert not read(replace(SHOT, defocus=12)) and not read(replace(SHOT, pixels=0.8))


def test_a_seed_is_a_photograph() -> None:
    first, second = (
        np.asarray(camera.photograph(camera.printed(encode("aztec", CONTENT, "23"), 1, 0.25, rng), 0.25, SHOT, rng))
        for rng in (np.random.default_rng(7), np.random.default_rng(7))
    )
    assert np.array_equal(first, second)


def test_the_report_has_a_row_for_each_symbol_and_size(tmp_path: Path) -> None:
    measure(tmp_path, ["qr/L"], [6.0], 2, 10, 0.5, lambda text: None)
    text = (tmp_path / "photographed.md").read_text()
    assert text.count("| qr/L | 77x77 |") == 2 and "100.0" in text
    with pytest.raises(OptionError):
        measure(tmp_path, ["maxicode"], [6.0], 2, 10, 0.5, lambda text: None)
