"""Rates from curves: Bjøntegaard differences, quality at equal bytes, bytes at equal quality.

A peer is, at every value of the measure, whichever of its variants (full size, half size) needs fewest bytes there.
Curves are monotone cubics (PCHIP) of log mean bytes over the measure, points that another beats in both left out. A
ready library (PyPI's `bjontegaard`) takes one curve against one, without variants, and does not tell the overlap.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from intaglio.bench.results import Point
from intaglio.measures.interval import bootstrap

Array = NDArray[np.float64]
GRID = 400  # values of the measure at which curves are compared
RESAMPLES = 200  # a draw takes a curve through every codec's points anew


@dataclass(frozen=True)
class Difference:
    """How many percent fewer (negative) or more bytes ours needs for the same value of a measure."""

    percent: float
    low: float  # 95 % interval over pictures
    high: float
    overlap: float  # share of our range of the measure that the peer reaches too
    range: tuple[float, float]  # of the measure, that is common


def line(points: Sequence[Point], name: str, lower: bool, pick: NDArray[np.int64] | None = None) -> tuple[Array, Array]:
    """(measure turned so that lower is better, ascending; log mean bytes) of one codec, beaten points left out."""
    places = []
    for point in points:
        value, size = point.mean(name, pick), point.mean("counted", pick)
        if value is not None and size is not None:
            places.append((np.log(size), value if lower else -value))
    best, kept = np.inf, []
    for size, value in sorted(places):
        if value < best - 1e-9:
            kept.append((value, size))
            best = value
    kept.sort()
    return np.array([v for v, _ in kept]), np.array([s for _, s in kept])


def interpolate(x: Array, y: Array, at: Array | float) -> Array:
    """The monotone cubic through (x, y), infinite outside of x; `x` need not be sorted."""
    from scipy.interpolate import PchipInterpolator

    order = np.argsort(x)
    x, y = x[order], y[order]
    at = np.asarray(at, np.float64)
    return np.where((at >= x[0]) & (at <= x[-1]), PchipInterpolator(x, y)(at), np.inf)


def _difference(
    ours: Sequence[Point],
    variants: Sequence[Sequence[Point]],
    name: str,
    lower: bool,
    pick: NDArray[np.int64] | None = None,
) -> tuple[float, float, float, float] | None:
    x, y = line(ours, name, lower, pick)
    theirs = _lines(variants, name, lower, pick)
    if len(x) < 2 or not theirs:
        return None
    grid = np.linspace(x[0], x[-1], GRID)
    peer = np.min([interpolate(*one, grid) for one in theirs], axis=0)
    both = np.isfinite(peer)
    if both.sum() < 2:
        return None
    mean = np.mean(interpolate(x, y, grid)[both] - peer[both])
    sign = 1 if lower else -1
    return 100 * (np.exp(mean) - 1), float(both.mean()), sign * grid[both][0], sign * grid[both][-1]


def difference(ours: Sequence[Point], variants: Sequence[Sequence[Point]], name: str, lower: bool) -> Difference | None:
    """The Bjøntegaard difference of a per-picture measure; None without a common range of it."""
    whole = _difference(ours, variants, name, lower)
    if whole is None:
        return None

    def percent(pick: NDArray[np.int64]) -> float:
        drawn = _difference(ours, variants, name, lower, pick)
        return np.nan if drawn is None else drawn[0]

    figure = bootstrap(percent, np.arange(len(ours[0].rows)), times=RESAMPLES)
    _, overlap, first, last = whole
    return Difference(figure.value, figure.low, figure.high, overlap, (first, last))


def _lines(
    variants: Sequence[Sequence[Point]], name: str, lower: bool, pick: NDArray[np.int64] | None = None
) -> list[tuple[Array, Array]]:
    """The line of every variant that has one."""
    return [one for one in (line(v, name, lower, pick) for v in variants) if len(one[0]) > 1]


def at_bytes(variants: Sequence[Sequence[Point]], name: str, lower: bool, size: float) -> float | None:
    """The best value of the measure at so many mean bytes; None where no variant has points on both sides."""
    lines = _lines(variants, name, lower)
    best = float(min((float(interpolate(b, m, np.log(size))) for m, b in lines), default=np.inf))
    return (best if lower else -best) if np.isfinite(best) else None


def bytes_at(variants: Sequence[Sequence[Point]], name: str, lower: bool, value: float) -> float | None:
    """The fewest mean bytes for a value of the measure."""
    turned = value if lower else -value
    lines = _lines(variants, name, lower)
    best = float(min((float(interpolate(m, b, turned)) for m, b in lines), default=np.inf))
    return float(np.exp(best)) if np.isfinite(best) else None


def family(name: str) -> str:
    """The codec that a variant is of."""
    return re.split(r"[/* ]", name)[0]


def families(curves: dict[str, list[Point]], ours: Sequence[str]) -> dict[str, list[list[Point]]]:
    """Peers by family, each with the curves of its variants: "avif/2" and "avif grey" belong to "avif"."""
    peers: dict[str, list[list[Point]]] = {}
    for name, points in curves.items():
        if name not in ours:
            peers.setdefault(family(name), []).append(points)
    return peers
