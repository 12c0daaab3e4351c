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
    rows, wanted, weight = [], [], []
    for cache in (*portraits, others):
        found = _rows(compressor, cache)
        rows += found
        wanted += [float(cache is not others)] * len(found)
        weight += [1 / len(found) / (1 if cache is others else len(portraits))] * len(found)
    x = np.stack(rows)
    mean, deviation = x.mean(0), x.std(0) + 1e-6
    seen, labels = torch.from_numpy((x - mean) / deviation), torch.tensor(wanted, dtype=torch.float64)
    share = torch.tensor(weight, dtype=torch.float64)
    w = torch.zeros(x.shape[1] + 1, dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS([w], max_iter=300, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        told = seen @ w[:-1] + w[-1]
        out = F.binary_cross_entropy_with_logits(told, labels, share, reduction="sum") / 2
        out = out + DECAY * w[:-1].square().sum()
        out.backward()
        return out

    optimiser.step(loss)
    slope = w.detach().numpy()[:-1] / deviation
    return np.append(slope, w.detach().numpy()[-1] - slope @ mean).astype(np.float32)


def _rows(compressor: Compressor, cache: LatentCache) -> list[NDArray[np.float64]]:
    """Statistics of whole pictures out of all of a cache."""
    out = []
    for row in np.linspace(0, len(cache) - 1, min(ROWS, len(cache))).astype(int):
        x, z = cache.crop(int(row), 0, 0, cache.size // 8)
        out += [portrait.statistics(t) for t in tensors(compressor, z[None], x[None])]
    return out
