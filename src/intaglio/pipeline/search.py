"""The search for a byte target: the largest quality index whose payload fits, found with few trials."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Protocol

import numpy as np

from intaglio.entropy.stream import STRIDE, Floats, Stream

INDICES = 256
GUESSES = 7  # before the index is searched by halving
# log2 of bits a pixel, typically, at indices 0, 32, … 256 (means over validation pictures of both codecs).
TYPICAL = np.interp(range(INDICES), range(0, INDICES + 1, 32), (-6.4, -5.5, -4.3, -3.1, -2.1, -1.5, -0.9, -0.5, -0.1))


class Trial(Protocol):
    """A picture at an index."""

    @property
    def size(self) -> int:
        """About how many bytes the payload has."""

    def payload(self) -> bytes:
        """The picture, coded."""


def within(stream: Stream, tensors: Mapping[str, Floats], budget: int, focus: bool = False) -> tuple[bytes, int | None]:
    """`largest` of a picture's unquantised tensors."""
    _, h, w = tensors["h"].shape
    return largest(lambda q: stream.trial(tensors, q, focus), budget, STRIDE**2 * h * w)


def largest(trial: Callable[[int], Trial], budget: int, pixels: int) -> tuple[bytes, int | None]:
    """The payload of the largest index found that has at most `budget` bytes, and the index; of a picture of so many pixels.

    Trials say quickly, to within a few bytes, how long the payload of an index is; the few near the budget are coded.
    Where none fits, the index is None and the payload that of index 0.
    """
    index, best = _largest(trial, budget, pixels)
    payload = best.payload()
    while len(payload) > budget:
        if not index:
            return payload, None
        index -= 1
        payload = trial(index).payload()
    return payload, index


def _largest(trial: Callable[[int], Trial], budget: int, pixels: int) -> tuple[int, Trial]:
    """The largest index found whose size is at most the budget, or 0; the largest there is, where sizes grow with it."""
    low, high = -1, INDICES  # the largest index known to fit, the smallest known not to
    off = dict[int, float]()  # how far from typical the sizes tried are
    best: Trial | None = None
    while high - low > 1:
        index = _guess(off, low, high, _bits(budget, pixels)) if len(off) < GUESSES else (low + high) // 2
        tried = trial(index)
        off[index] = _bits(tried.size, pixels) - TYPICAL[index]
        low, high = (index, high) if tried.size <= budget else (low, index)
        if index in (0, low):
            best = tried
    assert best is not None  # the search ends at an index that fits, or at 0
    return max(low, 0), best


def typical(index: int) -> float:
    """Bits a pixel that pictures take at a quality index, typically."""
    return float(2 ** TYPICAL[index])


def _bits(size: int, pixels: int) -> float:
    """log2 of bits a pixel; of nothing, and less, something very small."""
    return math.log2(8 * max(size, 0.1) / pixels)


def _guess(off: dict[int, float], low: int, high: int, wanted: float) -> int:
    """The largest index between low and high that is likely to fit, else the least: sizes run like typical ones nearby."""
    near = sorted(index for index in (low, high) if index in off)
    expected = TYPICAL + (np.interp(range(INDICES), near, [off[i] for i in near]) if near else 0)
    fitting = np.flatnonzero(expected[low + 1 : high] <= wanted)
    return low + 1 + int(fitting[-1] if len(fitting) else 0)
