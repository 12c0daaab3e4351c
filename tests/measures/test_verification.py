"""Verification by hand: distances of which every figure can be counted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from intaglio.errors import IntaglioError
from intaglio.measures.verification import (
    Pair,
    accuracy,
    accuracy_at,
    best_threshold,
    equal_error_rate,
    impostor_drift,
    read_pairs,
    true_accepts,
)

# Ten pairs of each kind: the same person's at 0.1 to 1.0, others' at 0.85, 0.95, 1.05 to 1.75.
GENUINE = [k / 10 for k in range(1, 11)]
IMPOSTORS = [0.85 + k / 10 for k in range(10)]
SAME = [True] * 10 + [False] * 10


def test_threshold_in_the_middle() -> None:
    assert best_threshold(np.array([0.2, 0.3]), np.array([0.7, 0.9])) == pytest.approx(0.5)


def test_separable_pairs() -> None:
    distances = [*GENUINE, *(d + 1 for d in IMPOSTORS)]
    assert accuracy(distances, SAME) == (1, 1, 1, 20)
    assert equal_error_rate(distances, SAME) == (0, 0, 0, 20)
    assert true_accepts(distances, SAME) == (1, 1, 1, 20)


def test_overlapping_pairs() -> None:
    distances = [*GENUINE, *IMPOSTORS]
    eer = equal_error_rate(distances, SAME)
    assert eer.value == pytest.approx(0.1)  # at 0.9: the same person's 1.0 refused, the other's 0.85 accepted
    assert eer.low < eer.value < eer.high
    assert true_accepts(distances, SAME).value == pytest.approx(0.8)  # up to 0.8, before any impostor
    assert true_accepts(distances, SAME, 0.1).value == pytest.approx(0.9)  # one impostor may pass: up to 0.9
    figure = accuracy(distances, SAME)
    assert 0.7 <= figure.value <= 0.9 and figure.low < figure.value < figure.high and figure.n == 20
    assert accuracy(distances, SAME) == figure  # drawn the same every time


def test_accuracy_at_a_threshold_from_elsewhere() -> None:
    assert accuracy_at(0.5, [*GENUINE, *IMPOSTORS], SAME).value == pytest.approx(0.75)  # half of the same refused
    assert accuracy_at(0.9, [*GENUINE, *IMPOSTORS], SAME).value == pytest.approx(0.9)  # 1.0 refused, 0.85 accepted


def test_chance() -> None:
    rng = np.random.default_rng(3)
    same = np.arange(4000) % 2 == 0
    figure = accuracy(rng.random(4000), same)
    assert 0.46 < figure.value < 0.54  # the threshold is not chosen on the pairs it is tried on
    assert figure.high - figure.low == pytest.approx(2 * 1.96 * 0.5 / 4000**0.5, rel=0.1)


def test_impostors_drift() -> None:
    before = np.array([*GENUINE, *IMPOSTORS])
    after = before - np.array([0.3] * 10 + [0.1, 0.2] * 5)  # the same person's do not count
    drift = impostor_drift(before, after, SAME)
    assert drift.value == pytest.approx(-0.15) and drift.n == 10
    assert -0.2 <= drift.low < -0.15 < drift.high <= -0.1


def test_one_kind_of_pairs_only() -> None:
    with pytest.raises(IntaglioError, match="different people"):
        equal_error_rate([0.1, 0.2], [True, True])
    with pytest.raises(IntaglioError, match="at least two"):
        accuracy([0.1, 0.2, 0.3], [True, False, False])


def test_read_pairs(tmp_path: Path) -> None:
    table = tmp_path / "pairs.csv"
    table.write_text("same,a,b\n1,x.png, y.png\nFalse,x.png,z.png\n")
    assert read_pairs(table) == [Pair("x.png", "y.png", True), Pair("x.png", "z.png", False)]
    table.write_text("a,b\nx,y\n")
    with pytest.raises(IntaglioError, match="lacks column same"):
        read_pairs(table)
    table.write_text("a,b,same\nx,y,1\nx,z,perhaps\n")
    with pytest.raises(IntaglioError, match=r"line 3.*'perhaps'"):
        read_pairs(table)
