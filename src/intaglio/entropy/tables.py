"""Probability tables: for each scale index a table of integer counts over the symbols -n..n and an escape.

Index 0 means "not sent": its symbol is 0 and costs nothing. Every other row of the flat count array starts at
`offsets[index]` and holds 2n + 2 counts, the last one for the escape; rows sum to 2**16. An escape is followed (after
all symbols of its pass) by an Exp-Golomb code of |symbol| - n - 1 and a sign, in equiprobable bits.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from intaglio.entropy.fixed import Ints, integers
from intaglio.errors import WeightsError

TOTAL = 1 << 16


class Tables:
    """The tables of a stream, from their integer form: `counts` flat, `reach` (n of each index; 0 for index 0)."""

    def __init__(self, counts: NDArray[Any], reach: NDArray[Any]) -> None:
        counts, self.reach = integers(counts), integers(reach)
        ends = np.cumsum(np.where(np.arange(len(reach)) > 0, 2 * self.reach + 2, 0))
        if len(counts) != ends[-1] or self.reach[0] or (counts < 1).any():
            raise WeightsError("the probability tables are malformed")
        self.rows: list[Ints] = [counts[start:end] for start, end in zip([0, *ends[:-1]], ends)]
        if any(row.sum() != TOTAL for row in self.rows[1:]):
            raise WeightsError("a probability table does not sum to 65536")
        self._starts = np.append(0, 1 + ends[:-1])  # of each row in the next; the first 0 is of what is not sent
        self._bits = np.concatenate([[0.0], *(np.log2(TOTAL / row) for row in self.rows[1:])])

    def __len__(self) -> int:
        return len(self.rows)

    def surprise(self, index: int) -> NDArray[np.float64]:
        """Information in bits (2n + 2,) of each entry of row `index` (1 and up), the escape last."""
        start = self._starts[index]
        return self._bits[start : start + len(self.rows[index])]

    def bits(self, symbols: Ints, indices: Ints) -> float:
        """Information of the symbols under the tables, in bits, escapes included."""
        n = self.reach[indices]
        escaped = np.abs(symbols) > n
        total = float(self._bits[self._starts[indices] + np.where(escaped, 2 * n + 1, symbols + n)].sum())
        excess = (np.abs(symbols) - n)[escaped].astype(np.float64)
        return total + float((2 * np.floor(np.log2(excess)) + 2).sum())


def fit(histograms: list[dict[int, int]], sigmas: NDArray[np.float64], trust: float = 2000.0) -> tuple[Ints, Ints]:
    """Integer tables from what was seen: each row mixes its Gaussian (as `trust` symbols) with its histogram, made even.

    Used once, when a stream is frozen. Returns (counts, reach) for `Tables`.
    """
    from math import erf

    counts: list[Ints] = []
    reach = np.zeros(len(sigmas), np.int64)
    for k in range(1, len(sigmas)):
        n = int(np.ceil(4.5 * sigmas[k] + 0.5))
        edges = [0.5 * (1 + erf((i - 0.5) / (sigmas[k] * 2**0.5))) for i in range(-n, n + 2)]
        p = trust * np.append(np.diff(edges), 1e-5)
        for s, c in histograms[k].items():
            if abs(s) <= n:
                p[n + s] += c / 2
                p[n - s] += c / 2
            else:
                p[-1] += c
        row = np.maximum(1, np.floor(p / p.sum() * (TOTAL - len(p)))).astype(np.int64)
        row[n] += TOTAL - row.sum()
        reach[k] = n
        counts.append(row)
    return np.concatenate(counts), reach
