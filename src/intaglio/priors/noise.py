"""Gaussian noise as a field over absolute position: the value at a latent depends on (seed, channel, row, column).

Counter-based (SplitMix64's finaliser, then Box-Muller), so tiles of any shape and order see the same noise.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_GOLDEN = 0x9E3779B97F4A7C15


def _mix(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def field(seed: int, channels: int, height: int, width: int) -> NDArray[np.float32]:
    """(1, channels, height, width) float32, the field from its first row and column on."""
    out = np.empty((1, channels, height, width), np.float32)
    with np.errstate(over="ignore"):
        key = _mix(np.full(1, (seed * 65537 + 1) * _GOLDEN % 2**64, np.uint64))
        rows = (np.arange(height, dtype=np.uint64) << np.uint64(32))[:, None]
        place = (rows | np.arange(width, dtype=np.uint64)[None]) * np.uint64(_GOLDEN)
        for channel, plane in enumerate(_mix(key + np.arange(channels, dtype=np.uint64) * np.uint64(_GOLDEN))):
            a = _mix(place + plane)
            b = _mix(a + np.uint64(_GOLDEN))
            u = (a >> np.uint64(11)).astype(np.float64) * 2**-53 + 2**-54
            v = (b >> np.uint64(11)).astype(np.float64) * 2**-53
            out[0, channel] = np.sqrt(-2 * np.log(u)) * np.cos(2 * np.pi * v)
    return out
