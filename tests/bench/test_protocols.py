"""Verification and scaling: what they compute, without coding anything."""

from pathlib import Path

import numpy as np
import pytest

from intaglio.bench import fitting as protocol
from intaglio.bench import ours, peers, scaling, verify
from intaglio.bench.results import BenchError
from intaglio.measures.verification import Pair

PAIRS = [Pair("a.jpg", "b.jpg", True), Pair("c.jpg", "d.jpg", True), Pair("a.jpg", "c.jpg", False)]
PAIRS += [Pair("b.jpg", "d.jpg", False)]
FACES = {name: np.array([x, 0.0]) for name, x in zip("abcd", (0.0, 0.1, 1.0, 1.1))}


def test_coding_that_changes_nothing_changes_no_figure() -> None:
    row = verify._row("x", 400, PAIRS, FACES, FACES)
    assert row["pairs"] == "4/4"
    assert row["EER, both"].startswith("0.000") and row["TAR at FAR 1 %, one"].startswith("1.000")
    assert row["impostors' drift, both"].startswith("0.000")


def test_one_coded_picture_is_half_of_both() -> None:
    moved = {name: x + np.array([0.4 if name in "cd" else 0.0, 0]) for name, x in FACES.items()}
    row = verify._row("x", 400, PAIRS, FACES, moved)
    assert row["impostors' drift, both"].startswith("0.400")


def test_pairs_that_did_not_fit_are_counted() -> None:
    coded = {name: x for name, x in FACES.items() if name != "d"}
    assert verify._row("x", 400, PAIRS, FACES, coded)["pairs"] == "2/4"
    assert verify._row("x", 400, PAIRS, FACES, {})["pairs"] == "0/4"


def test_a_matcher_keeps_its_threshold() -> None:
    apart = {name: 10 * x for name, x in FACES.items()}  # the same person's pairs 1.0 apart; 0.55 is between at first
    row = verify._row("x", 400, PAIRS, FACES, apart)
    assert row["accuracy, both"].startswith("1.000") and row["at the originals' threshold, both"].startswith("0.500")


@pytest.mark.parametrize(("count", "most"), [("bytes", 700), ("payload", 1050)])
def test_a_peer_is_held_to_its_file_or_to_its_payload(tmp_path: Path, count: protocol.Count, most: int) -> None:
    rgb = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    peer = peers.available(["jpeg"])[0][0]
    assert verify._code(peer, rgb, 700, count, ours.Reader(), tmp_path / "x")
    assert most - 250 < (tmp_path / "x.bin").stat().st_size <= most


def test_so_many_pairs_of_each_kind() -> None:
    assert [p.same for p in verify._first(PAIRS, 1)] == [True, False]


def test_no_pairs_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match=r"no pairs\.csv"):
        verify.measure(tmp_path, tmp_path / "out", [], [], [400], None, print)


def test_growth_is_the_exponent_of_pixels() -> None:
    rows = [
        {"codec": "x", "side": s, "encode s": 3e-6 * s**2, "decode s": 1e-3 * s, "peak MB": 500}
        for s in (128, 256, 512)
    ]
    rows[0]["encode s"] = 9.0  # the smallest does not count
    (found,) = scaling.growth(rows)
    assert found["encode s"] == 1.0 and found["decode s"] == 0.5 and found["peak MB"] == 0.0


def test_the_machine_has_a_rate() -> None:
    assert scaling.convolution_rate() > 0.1
