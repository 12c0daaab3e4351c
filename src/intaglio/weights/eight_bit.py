"""Matrices in eight bits: integers of -127..127 and one scale for each row of outputs.

For the analysis, which only an encoder runs: what it codes moves by less than a step, and pictures hardly (docs/decisions).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

LARGEST = 127


def quantise(matrix: NDArray[Any]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """(outputs, ...) to integers of the same shape and scales (outputs,): the row's largest magnitude over 127."""
    rows = matrix.reshape(len(matrix), -1).astype(np.float32)
    scale = np.abs(rows).max(1) / LARGEST
    integers = np.rint(rows / np.where(scale > 0, scale, 1)[:, None]).astype(np.int8)
    return integers.reshape(matrix.shape), scale


def restore(integers: NDArray[np.int8], scale: NDArray[np.float32]) -> NDArray[np.float32]:
    """The matrix (outputs, ...), float32, that integers and scales stand for."""
    with np.errstate(all="ignore"):  # scales of a stranger's file may be anything; what is not finite is refused later
        return integers * scale.reshape(-1, *[1] * (integers.ndim - 1))
