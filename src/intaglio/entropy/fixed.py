"""Fixed-point convolutions: the same integers on every machine.

Formats. Activations carry ACTIVATION = 12 fractional bits and are clipped to +-LIMIT units, |a| <= 2**19. Weights
carry WEIGHT = 14 fractional bits, |w| < 2**17 (8 units). Biases carry 26 fractional bits, |b| < 2**33 (128 units).

Why no sum can round. A product is at most 2**19 * 2**17 = 2**36. An output sums `fan_in` of them, and `Affine` refuses
fan-ins over 2**13: partial sums stay below 2**36 * 2**13 + 2**33 < 2**50, in whatever order and with whatever fused
multiply-adds a BLAS forms them. All are integers below 2**53, so float64 holds each exactly and the matrix product may be
taken in float64, which is fast, and is the same on every processor, thread count and library. Requantisation multiplies
by a power of two, adds a half and takes the floor: each exact, as sums have 50 bits at most.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from intaglio.entropy.threads import each
from intaglio.errors import WeightsError

Ints = NDArray[np.int64]

ACTIVATION = 12
WEIGHT = 14
LIMIT = 128 << ACTIVATION
MAX_WEIGHT = 1 << 17
MAX_FAN_IN = 1 << 13
MAX_BIAS = 1 << 33
STRIP = 1 << 23  # values that a convolution unfolds at a time


def integers(x: NDArray[Any]) -> Ints:
    """The array as int64.

    Raises:
        TypeError: it holds anything but integers; a float near the entropy coder is a bug, however round its value.
    """
    if not np.issubdtype(x.dtype, np.integer):
        raise TypeError(f"integers wanted in the entropy path, not {x.dtype}")
    return x.astype(np.int64, copy=False)


def shift(x: Ints, n: int) -> Ints:
    """x / 2**n, rounded half up."""
    return (integers(x) + (1 << (n - 1))) >> n


def clip(x: Ints) -> Ints:
    return np.maximum(np.minimum(integers(x), LIMIT), -LIMIT)


def relu(x: Ints) -> Ints:
    return np.maximum(np.minimum(integers(x), LIMIT), 0)


def pixel_shuffle(x: Ints) -> Ints:
    """(4c, h, w) to (c, 2h, 2w), channels in torch's order."""
    c, h, w = x.shape[0] // 4, *x.shape[1:]
    return x.reshape(c, 2, 2, h, w).transpose(0, 3, 1, 4, 2).reshape(c, 2 * h, 2 * w)


def pool(x: Ints) -> Ints:
    """(c, h, w) to its means (c, 1, 1), rounded down."""
    return integers(x).sum((1, 2), keepdims=True) // (x.shape[1] * x.shape[2])


class Affine:
    """A matrix (O, I) and bias (O,), both integers as above, on columns of activations."""

    def __init__(self, matrix: NDArray[Any], bias: NDArray[Any]) -> None:
        matrix, bias = integers(matrix), integers(bias)
        if (
            matrix.shape[1] > MAX_FAN_IN
            or abs(matrix).max(initial=0) >= MAX_WEIGHT
            or abs(bias).max(initial=0) >= MAX_BIAS
        ):
            raise WeightsError("an entropy net has weights outside of the proved range")
        self.matrix, self.bias = matrix.astype(np.float64), bias[:, None].astype(np.float64)

    def __call__(self, columns: NDArray[np.float64]) -> Ints:
        """Clipped activations (I, n), integers as floats, to activations (O, n), not yet clipped (|a| < 2**36)."""
        sums = self.matrix @ columns
        sums += self.bias
        sums *= 0.5**WEIGHT
        sums += 0.5
        return np.floor(sums, out=sums).astype(np.int64)

    def pointwise(self, x: Ints) -> Ints:
        """The same at each place of (I, h, w)."""
        return self(integers(x).reshape(len(x), -1).astype(np.float64)).reshape(-1, *x.shape[1:])


def strips(rows: int, values: int) -> Iterator[slice]:
    """All rows, some at a time, so that what is unfolded stays bounded; `values` are unfolded a row."""
    step = max(1, STRIP // max(values, 1))
    return (slice(top, min(top + step, rows)) for top in range(0, rows, step))


class Conv:
    """A 1x1 or 3x3 convolution (zero padding) of weight (O, I, k, k) and bias (O,)."""

    def __init__(self, weight: NDArray[Any], bias: NDArray[Any]) -> None:
        self.size = weight.shape[2]
        self.affine = Affine(weight.transpose(0, 2, 3, 1).reshape(len(weight), -1), bias)

    def __call__(self, x: Ints) -> Ints:
        """(I, h, w) to (O, h, w)."""
        if self.size == 1:
            return self.affine.pointwise(x)
        c, h, w = x.shape
        padded = np.pad(integers(x), ((0, 0), (1, 1), (1, 1)))
        out = np.empty((len(self.affine.matrix), h, w), np.int64)

        def strip(rows: slice) -> None:
            columns = np.empty((3, 3, c, rows.stop - rows.start, w))
            for i, j in np.ndindex(3, 3):
                columns[i, j] = padded[:, rows.start + i : rows.stop + i, j : j + w]
            out[:, rows] = self.affine(columns.reshape(9 * c, -1)).reshape(len(out), -1, w)

        each(strip, strips(h, 9 * c * w), padded.size)
        return out


def conv(weights: Mapping[str, NDArray[Any]], name: str) -> Conv:
    """The convolution `name` of a set of weights."""
    return Conv(weights[f"{name}.weight"], weights[f"{name}.bias"])
