"""How likely a picture is a portrait, by what FaSDiff's analysis makes of it: so `auto` tries one codec, not two.

Logistic regression on the means and deviations of lf and h over the picture, unquantised, seen at the scale at which its
shorter side is nearest to the size of the pictures that it was fitted to.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from intaglio.format.fields import COARSEST

SEEN = 256  # pixels of the shorter side, about
SURE = 0.9  # from here on a portrait; below 1 - SURE, none


def scale(height: int, width: int) -> int:
    """The coded scale at which a picture is looked at."""
    return min(max(round(math.log2(min(height, width) / SEEN)), 0), COARSEST)


def statistics(tensors: Mapping[str, NDArray[Any]]) -> NDArray[np.float64]:
    """Means and logarithms of deviations of the channels of lf and h (C, h, w): (2 * channels,)."""
    rows = [tensors[name].reshape(len(tensors[name]), -1).astype(np.float64) for name in ("lf", "h")]
    return np.concatenate([part for x in rows for part in (x.mean(1), np.log(x.std(1) + 1e-3))])


def likelihood(tensors: Mapping[str, NDArray[Any]], weights: NDArray[np.floating]) -> float:
    """0..1, for the weights of `statistics` and the offset behind them."""
    return float(1 / (1 + np.exp(-(statistics(tensors) @ weights[:-1] + weights[-1]))))
