"""Kernel distance of a set of decoded pictures to their originals: KID's estimator (Bińkowski et al. 2018) in other features.

They are EfficientNet-Lite0's last ones, not Inception's, so the figures do not compare with published KID or FID.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from intaglio.measures.eld import Description, Eld, pool
from intaglio.measures.features import to_tensor
from intaglio.measures.interval import Figure
from intaglio.measures.measure import Rgb

PATCH = 128  # pixels a side
BATCH = 16
FEWEST = 8  # pictures that an interval is made of

Features = NDArray[np.float64]
"""Descriptions (N, C)."""


def pooled(network: Eld, rgb: Rgb, faces: bool, description: Description | None = None) -> Features:
    """One picture's rows of the set (N, C).

    Faces fill their picture alike, so each is one row, for which the picture's `description` serves if at hand. Other
    pictures are no samples of one kind: their whole patches of 128x128 are, from the upper left (a smaller picture is one).
    """
    height, width = rgb.shape[:2]
    if faces or min(height, width) < PATCH:
        return (description or network.describe(rgb)).pooled
    tops, lefts = range(0, height - PATCH + 1, PATCH), range(0, width - PATCH + 1, PATCH)
    patches = [to_tensor(rgb[y : y + PATCH, x : x + PATCH]) for y in tops for x in lefts]
    batches = [torch.cat(patches[i : i + BATCH]) for i in range(0, len(patches), BATCH)]
    return np.concatenate([pool(network.features(batch)[-1]) for batch in batches])


def pairs(f: Features, g: Features) -> NDArray[np.float64]:
    """What each pair of rows of originals `f` and decoded pictures `g` (N, C) adds: (N, N), nothing for one with itself."""
    if f.shape != g.shape:
        raise ValueError(f"sets of {f.shape} and {g.shape} are no pairs")

    def kernel(a: Features, b: Features) -> NDArray[np.float64]:
        return np.asarray((a @ b.T / f.shape[1] + 1) ** 3)

    return (kernel(f, f) + kernel(g, g) - kernel(f, g) - kernel(g, f)) * (1 - np.eye(len(f)))


def estimate(pairs: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    """1000 times the mean of pairs, each row counted `weights` (N,) times, none of its copies against another; or NaN."""
    total = weights.sum() ** 2 - (weights**2).sum()
    return float(1000 * (weights @ pairs @ weights) / total) if total else float("nan")


def kernel_distance(f: Features, g: Features) -> float | None:
    """1000 times the unbiased squared MMD, kernel (f·g / C + 1)³, of originals `f` and their decoded pictures `g` (N, C).

    The sets are paired, so the cross term goes without its diagonal too: a codec without loss scores exactly 0, and one
    with little may score a bit below. None for fewer than two rows.
    """
    return estimate(pairs(f, g), np.ones(len(f))) if len(f) > 1 else None


def interval(f: Features, g: Features, owners: NDArray[np.int64]) -> Figure | None:
    """The kernel distance with its interval over pictures; row i is of picture `owners[i]`, 0 to P - 1.

    Jackknife (Efron 1982): a bootstrap would draw pictures twice, and rows of one picture are closer than others, so that
    its draws would lie too high. None for fewer than eight pictures, whose interval would say nothing.
    """
    from scipy.stats import t

    count = int(owners.max(initial=-1)) + 1
    if count < FEWEST:
        return None
    added = pairs(f, g)
    value = estimate(added, np.ones(len(f)))
    without = [estimate(added, (owners != picture).astype(np.float64)) for picture in range(count)]
    reach = float(t.ppf(0.975, count - 1) * np.sqrt((count - 1) * np.var(without)))
    return Figure(value, value - reach, value + reach, count)
