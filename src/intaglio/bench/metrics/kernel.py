"""Kernel distance of a set of decoded pictures to their originals: KID's estimator (Bińkowski et al. 2018) in other features.

They are EfficientNet-Lite0's last ones, not Inception's, so the figures do not compare with published KID or FID.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from intaglio.bench.metrics.eld import Description, Eld, pool
from intaglio.bench.metrics.metric import Rgb
from intaglio.bench.metrics.tensor import to_tensor

PATCH = 128  # pixels a side
BATCH = 16

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


def kernel_distance(f: Features, g: Features) -> float | None:
    """1000 times the unbiased squared MMD, kernel (f·g / C + 1)³, of originals `f` and their decoded pictures `g` (N, C).

    The sets are paired, so the cross term goes without its diagonal too: a codec without loss scores exactly 0, and one
    with little may score a bit below. None for fewer than two rows.
    """
    if f.shape != g.shape:
        raise ValueError(f"sets of {f.shape} and {g.shape} are no pairs")
    n, c = f.shape
    if n < 2:
        return None
    different = 1.0 - np.eye(n)
    within_f, within_g, across = (
        (((a @ b.T / c + 1) ** 3) * different).sum() / (n * (n - 1)) for a, b in ((f, f), (g, g), (f, g))
    )
    return 1000 * float(within_f + within_g - 2 * across)
