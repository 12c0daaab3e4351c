"""The largest quality index whose payload fits a number of bytes, found with few encodings."""

from __future__ import annotations

import math
from collections.abc import Callable

INDICES = 256
TRIED_ABOVE = 1  # sizes are nearly, not quite, monotone in the index: so many above the one found are tried
GUESSES = 7  # before the index is searched by halving
FIRST, DOUBLING, LEAP = 64, 40, 6  # an index to begin with; indices in which sizes double, roughly; the least step


def largest(encode: Callable[[int], bytes], budget: int) -> tuple[tuple[bytes, int] | None, int]:
    """((payload, index) of the largest index found whose payload has at most `budget` bytes, or None; the smallest size seen).

    Where sizes grow with the index, that is the largest there is; where none fits, index 0 has been seen.
    """
    best, sizes = None, dict[int, int]()

    def fits(index: int) -> bool:
        nonlocal best
        payload = encode(index)
        sizes[index] = len(payload)
        if len(payload) > budget:
            return False
        if best is None or index > best[1]:
            best = payload, index
        return True

    low, high = -1, INDICES  # the largest index known to fit, the smallest known not to
    while high - low > 1:
        index = _guess(sizes, low, high, budget) if len(sizes) < GUESSES else (low + high) // 2
        low, high = (index, high) if fits(index) else (low, index)
    if best is not None:
        for index in range(high + 1, min(INDICES, high + 1 + TRIED_ABOVE)):
            if index not in sizes:
                fits(index)
    return best, min(sizes.values())


def _guess(sizes: dict[int, int], low: int, high: int, budget: int) -> int:
    """An index between low and high whose payload may just fit: sizes grow geometrically."""
    if not sizes:
        return FIRST
    wanted = math.log2(max(budget, 0) + 1)
    known = {index: math.log2(size + 1) for index, size in sizes.items()}  # a payload may have no bytes at all
    if low in known and high in known:
        place = low + (high - low) * (wanted - known[low]) / (known[high] - known[low])
    else:
        near, side = (low, 1) if low in known else (high, -1)
        place = near + side * max(LEAP, DOUBLING * abs(wanted - known[near]))
    return min(max(math.floor(place), low + 1), high - 1)
