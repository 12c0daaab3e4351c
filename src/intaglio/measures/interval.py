"""A number with its interval: the bootstrap over what was sampled (Efron 1979), 95 %, percentiles, the same every time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Samples = NDArray[Any]

SEED, TIMES = 20_250_101, 1000


class Figure(NamedTuple):
    """A value, the ends of its 95 % interval, and of how many samples it is."""

    value: float
    low: float
    high: float
    n: int


def bootstrap(statistic: Callable[..., float], *groups: Samples, times: int = TIMES) -> Figure:
    """`statistic(*groups)` and its interval; each group (N, ...) is drawn from anew by itself, so none is ever empty.

    Draws of which the statistic is NaN do not count.
    """
    rng = np.random.default_rng(SEED)
    draws = [statistic(*(group[rng.integers(0, len(group), len(group))] for group in groups)) for _ in range(times)]
    low, high = np.nanquantile(draws, [0.025, 0.975])
    return Figure(float(statistic(*groups)), float(low), float(high), sum(map(len, groups)))


def mean(values: Array) -> float:
    return float(values.mean())
