"""Verification: its figures, without coding anything, and what a peer is held to."""

from pathlib import Path

import numpy as np
import pytest

from intaglio.bench import coded_files, ours, peers, verify
from intaglio.bench.fitting import Count
from intaglio.bench.results import BenchError
from intaglio.measures.verification import Pair
from intaglio.train.generated import picture

PAIRS = [Pair("a.jpg", "b.jpg", True), Pair("c.jpg", "d.jpg", True), Pair("a.jpg", "c.jpg", False)]
PAIRS += [Pair("b.jpg", "d.jpg", False)]
FACES = {name: np.array([x, 0.0]) for name, x in zip("abcd", (0.0, 0.1, 1.0, 1.1))}


def test_coding_that_changes_nothing_changes_no_figure() -> None:
    one, both = verify.rows(PAIRS, FACES, FACES)
    assert one == both | {"coded": "one"} and one["pairs"] == "4/4"
    assert one["EER"].startswith("0.000") and one["TAR at FAR 1 %"].startswith("1.000")
    assert one["impostors' drift"].startswith("0.000")


def test_where_coded_faces_moved_is_seen() -> None:
    moved = {name: x + np.array([0.4 if name in "cd" else 0.0, 0]) for name, x in FACES.items()}
    assert verify.rows(PAIRS, FACES, moved)[1]["impostors' drift"].startswith("0.400")


def test_pairs_that_did_not_fit_are_counted() -> None:
    coded = {name: x for name, x in FACES.items() if name != "d"}
    assert verify.rows(PAIRS, FACES, coded) == [{"pairs": "2/4"}]
    assert verify.rows(PAIRS, FACES, {})[0]["pairs"] == "0/4"


def test_a_matcher_keeps_its_threshold() -> None:
    apart = {name: 10 * x for name, x in FACES.items()}  # the same person's pairs 1.0 apart; 0.55 is between at first
    both = verify.rows(PAIRS, FACES, apart)[1]
    assert both["accuracy"].startswith("1.000") and both["at the originals' threshold"].startswith("0.500")


@pytest.mark.parametrize(("count", "most"), [("bytes", 700), ("payload", 1050)])
def test_a_peer_is_held_to_its_file_or_to_its_payload(tmp_path: Path, count: Count, most: int) -> None:
    rgb = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    peer = peers.available(["jpeg"])[0][0]
    assert verify.code(peer, rgb, 700, count, 0, ours.Reader(), tmp_path / "x")
    size, decoded = coded_files.read(tmp_path / "x")
    assert most - 250 < size <= most and decoded.shape == rgb.shape


@pytest.mark.usefixtures("installed")
def test_ours_is_coded_with_effort(tmp_path: Path) -> None:
    rgb = np.asarray(picture(64, 3))
    for effort in (0, 3):
        assert verify.code("fasdiff", rgb, 900, "bytes", effort, ours.Reader(), tmp_path / f"{effort}")
    (_, plain), (_, refined) = (coded_files.read(tmp_path / f"{effort}") for effort in (0, 3))
    assert (plain != refined).any()


def test_no_pairs_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match=r"no pairs\.csv"):
        verify.measure(tmp_path, tmp_path / "out", [], [], [400], 0, None, print)


def test_a_pair_without_its_picture_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "pairs.csv").write_text("a,b,same\nx.png,y.png,1\nx.png,z.png,0\n")
    for name in "xy":
        coded_files.store(tmp_path / name, b"", np.zeros((8, 8, 3), np.uint8))
    with pytest.raises(BenchError, match="names z, which is not in"):
        verify.measure(tmp_path, tmp_path / "out", [], [], [400], 0, None, print)
