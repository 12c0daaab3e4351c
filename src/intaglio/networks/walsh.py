"""The Walsh-Hadamard transform of 8x8 blocks as a matrix, and both ways through it in NumPy (`packets` is the twin in torch)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SIDE = 8  # pixels of a block
BANDS = SIDE**2
CHANNELS = 3 * BANDS
Floats = NDArray[np.float32]


def _walsh(n: int = SIDE) -> Floats:
    h = np.ones((1, 1), np.float32)
    while len(h) < n:
        h = np.block([[h, h], [h, -h]])
    sequency = (h[:, 1:] != h[:, :-1]).sum(1)
    rows: Floats = h[sequency.argsort()] / np.float32(n**0.5)
    return rows


def _matrix() -> Floats:
    """(64, 64): rows are bands by rising row + column sequency, columns are pixels of the block."""
    w = _walsh()
    order = sorted(range(BANDS), key=lambda k: (k // SIDE + k % SIDE, k))
    return np.ascontiguousarray(np.kron(w, w)[order])


MATRIX = _matrix()


def analyse(x: Floats) -> Floats:
    """Picture (1, 3, H, W), H and W multiples of 8, to packets (1, 192, H/8, W/8), channel = 3 * band + colour."""
    _, c, h, w = x.shape
    blocks = x.reshape(c, h // SIDE, SIDE, w // SIDE, SIDE).transpose(2, 4, 0, 1, 3).reshape(BANDS, -1)
    return np.dot(MATRIX, blocks).reshape(1, BANDS * c, h // SIDE, w // SIDE)
