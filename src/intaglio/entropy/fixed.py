"""Fixed-point convolutions: the same integers on every machine.

Formats. Activations carry ACTIVATION = 12 fractional bits and are clipped to +-LIMIT units, |a| <= 2**19. Weights
carry WEIGHT = 14 fractional bits, |w| < 2**17 (8 units). Biases carry 26 fractional bits, |b| < 2**33 (128 units).

Why no sum can round. A product is at most 2**19 * 2**17 = 2**36. An output sums `fan_in` of them, and `Conv` refuses
fan-ins over 2**13: partial sums stay below 2**36 * 2**13 + 2**33 < 2**50, in whatever order and with whatever fused
multiply-adds a BLAS forms them. All are integers below 2**53, so float64 holds each exactly and the matrix product may be
taken in float64, which is fast, and is the same on every processor, thread count and library. Requantisation adds
half a unit and shifts right (floor), in int64.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

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
    return np.clip(integers(x), -LIMIT, LIMIT)


def relu(x: Ints) -> Ints:
    return np.clip(integers(x), 0, LIMIT)


def pixel_shuffle(x: Ints) -> Ints:
    """(4c, h, w) to (c, 2h, 2w), channels in torch's order."""
    c, h, w = x.shape[0] // 4, *x.shape[1:]
    return x.reshape(c, 2, 2, h, w).transpose(0, 3, 1, 4, 2).reshape(c, 2 * h, 2 * w)


def pool(x: Ints) -> Ints:
    """(c, h, w) to its means (c, 1, 1), rounded down."""
    return integers(x).sum((1, 2), keepdims=True) // (x.shape[1] * x.shape[2])


class Conv:
    """A 1x1 or 3x3 convolution (zero padding) of weight (O, I, k, k) and bias (O,), both integers as above."""

    def __init__(self, weight: NDArray[Any], bias: NDArray[Any]) -> None:
        weight, bias = integers(weight), integers(bias)
        self.size = weight.shape[2]
        fan_in = weight.shape[1] * self.size**2
        if fan_in > MAX_FAN_IN or abs(weight).max(initial=0) >= MAX_WEIGHT or abs(bias).max(initial=0) >= MAX_BIAS:
            raise WeightsError("an entropy net has weights outside of the proved range")
        self.matrix = weight.reshape(len(weight), fan_in).astype(np.float64)
        self.bias = bias[:, None]

    def __call__(self, x: Ints) -> Ints:
        """(I, h, w) clipped activations to (O, h, w) activations, not yet clipped (|a| < 2**36)."""
        x = integers(x)
        h, w = x.shape[1:]
        out = np.empty((len(self.matrix), h, w), np.int64)
        strip = max(1, STRIP // (self.matrix.shape[1] * w))  # rows at a time, so that memory stays bounded
        for top in range(0, h, strip):
            rows = min(strip, h - top)
            part = x[:, top : top + rows]
            if self.size == 3:
                above, below = min(top, 1), min(h - top - rows, 1)
                part = x[:, top - above : top + rows + below]
                padded = np.pad(part, ((0, 0), (1 - above, 1 - below), (1, 1)))
                part = np.stack([padded[:, i : i + rows, j : j + w] for i in range(3) for j in range(3)], 1)
            columns = part.reshape(self.matrix.shape[1], rows * w).astype(np.float64)
            sums = (self.matrix @ columns).astype(np.int64) + self.bias
            out[:, top : top + rows] = shift(sums, WEIGHT).reshape(-1, rows, w)
        return out


def conv(weights: Mapping[str, NDArray[Any]], name: str) -> Conv:
    """The convolution `name` of a set of weights."""
    return Conv(weights[f"{name}.weight"], weights[f"{name}.bias"])
