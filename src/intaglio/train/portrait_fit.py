"""What `auto` goes by, fitted when FaSDiff is packed: portraits on one hand, pictures of everything on the other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from intaglio.compressor.compressor import Compressor
from intaglio.pipeline import portrait
from intaglio.train.latent_cache import LatentCache
from intaglio.train.pack import tensors

ROWS = 600  # of each cache
DECAY = 0.01  # of the standardised weights


def fit(compressor: Compressor, portraits: Sequence[LatentCache], others: LatentCache) -> NDArray[np.float32]:
    """Weights for `portrait.likelihood`; all kinds of portraits together weigh as much as the others."""
    rows, labels, weights = [], [], []
    for cache in (*portraits, others):
        of_cache = _rows(compressor, cache)
        rows += of_cache
        labels += [float(cache is not others)] * len(of_cache)
        weights += [1 / len(of_cache) / (1 if cache is others else len(portraits))] * len(of_cache)
    x = np.stack(rows)
    mean, deviation = x.mean(0), x.std(0) + 1e-6
    w, offset = _logistic((x - mean) / deviation, np.array(labels), np.array(weights))
    slope = w / deviation
    return np.append(slope, offset - slope @ mean).astype(np.float32)


def _logistic(
    x: NDArray[np.float64], labels: NDArray[np.float64], weights: NDArray[np.float64]
) -> tuple[NDArray[np.float64], float]:
    """Logistic regression of labels 0 and 1 (N,) on standardised rows x (N, C): (slopes (C,), offset)."""
    rows, targets, shares = (torch.from_numpy(array) for array in (x, labels, weights))
    w = torch.zeros(x.shape[1] + 1, dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS([w], max_iter=300, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        logits = rows @ w[:-1] + w[-1]
        error = F.binary_cross_entropy_with_logits(logits, targets, shares, reduction="sum") / 2
        error = error + DECAY * w[:-1].square().sum()
        error.backward()
        return error

    optimiser.step(loss)
    slopes = w.detach().numpy()
    return slopes[:-1], float(slopes[-1])


def _rows(compressor: Compressor, cache: LatentCache) -> list[NDArray[np.float64]]:
    """Statistics of whole pictures out of all of a cache."""
    out = []
    for row in np.linspace(0, len(cache) - 1, min(ROWS, len(cache))).astype(int):
        x, z = cache.crop(int(row), 0, 0, cache.side)
        out += [portrait.statistics(t) for t in tensors(compressor, z[None], x[None])]
    return out
