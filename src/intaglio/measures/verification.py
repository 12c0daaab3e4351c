"""Whether recognition still works on decoded pictures: figures of a recogniser's distances on pairs of pictures.

The protocol is that of Labeled Faces in the Wild (Huang et al. 2007): pairs of the same and of different people, accuracy
at a threshold chosen on the other nine tenths. Intervals are over pairs, and take no account of people in several pairs.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from intaglio.errors import IntaglioError
from intaglio.measures.interval import SEED, Array, Figure, bootstrap, mean

FOLDS = 10
WORDS = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}


class Pair(NamedTuple):
    a: str
    b: str
    same: bool


def read_pairs(path: Path) -> list[Pair]:
    """Pairs of a table with the columns a, b (names of pictures) and same (1 or 0)."""
    with path.open(newline="", encoding="utf-8-sig") as file:
        reader = csv.DictReader(file)
        if missing := {"a", "b", "same"} - set(reader.fieldnames or ()):
            raise IntaglioError(
                f"{path} lacks column {', '.join(sorted(missing))}: a table of pairs has a, b and same."
            )
        pairs = []
        for row in reader:
            if (same := WORDS.get((row["same"] or "").strip().lower())) is None:
                raise IntaglioError(f"{path}, line {reader.line_num}: column same is 1 or 0, not {row['same']!r}.")
            pairs.append(Pair(row["a"].strip(), row["b"].strip(), same))
    return pairs


def split(distances: Sequence[float] | Array, same: Sequence[bool] | NDArray[np.bool_]) -> tuple[Array, Array]:
    """Distances of the same person's pairs and of different people's; an error if either has none."""
    d, s = np.asarray(distances, dtype=np.float64), np.asarray(same, dtype=bool)
    if d.shape != s.shape:
        raise ValueError(f"{d.shape} distances of {s.shape} pairs")
    if s.all() or not s.any():
        raise IntaglioError("Verification needs pairs of the same person and pairs of different people.")
    return d[s], d[~s]


def best_threshold(genuine: Array, impostors: Array) -> float:
    """The threshold of the most right answers, where a distance up to it means the same person; of several, the middle."""
    values = np.unique(np.concatenate([genuine, impostors]))
    thresholds = np.concatenate([[values[0] - 1], (values[:-1] + values[1:]) / 2, [values[-1] + 1]])
    accepted, refused = np.searchsorted(np.sort(genuine), thresholds), np.searchsorted(np.sort(impostors), thresholds)
    right = accepted + len(impostors) - refused
    best = np.flatnonzero(right == right.max())
    return float(thresholds[best[len(best) // 2]])


def accuracy(distances: Sequence[float] | Array, same: Sequence[bool] | NDArray[np.bool_]) -> Figure:
    """Share of right answers, each at the threshold that is best on the nine tenths of pairs without it.

    Pairs are dealt to the tenths at random, both kinds evenly. The interval is of the answers, thresholds as they are.
    """
    groups = split(distances, same)
    rng = np.random.default_rng(SEED)
    folds = [rng.permutation(np.arange(len(group)) % FOLDS) for group in groups]
    right: list[Array] = []
    for k in range(FOLDS):
        training, testing = ([g[(f == k) == held] for g, f in zip(groups, folds)] for held in (False, True))
        if not all(map(len, training)):
            raise IntaglioError("Verification needs at least two pairs of each kind.")
        threshold = best_threshold(*training)
        right += [(testing[0] <= threshold).astype(np.float64), (testing[1] > threshold).astype(np.float64)]
    return bootstrap(mean, np.concatenate(right))


def accuracy_at(
    threshold: float, distances: Sequence[float] | Array, same: Sequence[bool] | NDArray[np.bool_]
) -> Figure:
    """Share of right answers at a threshold that is given, as by a matcher that knows nothing of the coding."""
    genuine, impostors = split(distances, same)
    return bootstrap(mean, np.concatenate([genuine <= threshold, impostors > threshold]).astype(np.float64))


def equal_error_rate(distances: Sequence[float] | Array, same: Sequence[bool] | NDArray[np.bool_]) -> Figure:
    """The share of errors at the threshold where as large a share of either kind is wrong; the mean of both if none is."""

    def rate(genuine: Array, impostors: Array) -> float:
        thresholds = np.unique(np.concatenate([genuine, impostors]))
        refused = 1 - np.searchsorted(np.sort(genuine), thresholds, "right") / len(genuine)
        accepted = np.searchsorted(np.sort(impostors), thresholds, "right") / len(impostors)
        nearest = int(np.argmin(np.abs(refused - accepted)))
        return float(refused[nearest] + accepted[nearest]) / 2

    return bootstrap(rate, *split(distances, same))


def true_accepts(
    distances: Sequence[float] | Array, same: Sequence[bool] | NDArray[np.bool_], false_accepts: float = 0.01
) -> Figure:
    """TAR at FAR: the share of the same person's pairs accepted where at most `false_accepts` of the others are.

    Under 1 / `false_accepts` impostor pairs, it is where none of them is accepted.
    """

    def rate(genuine: Array, impostors: Array) -> float:
        allowed = int(false_accepts * len(impostors) + 1e-9)  # 0.01 * 700 is a little less than 7
        return float((genuine < np.sort(impostors)[allowed]).mean()) if allowed < len(impostors) else 1.0

    return bootstrap(rate, *split(distances, same))


def impostor_drift(
    before: Sequence[float] | Array, after: Sequence[float] | Array, same: Sequence[bool] | NDArray[np.bool_]
) -> Figure:
    """How much farther apart different people's pairs lie after coding, in the mean; negative: faces became alike."""
    (_, b), (_, a) = split(before, same), split(after, same)
    return bootstrap(mean, a - b)
