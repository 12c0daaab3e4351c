"""The search for a budget finds the largest index that fits, in few encodings."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from intaglio.codecs.common.budget import INDICES, largest


def searched(sizes: list[int], budget: int) -> tuple[int, int, int]:
    """(index or -1, smallest size seen, encodings) of payloads of the given sizes."""
    tried: list[int] = []

    def encode(index: int) -> bytes:
        tried.append(index)
        return bytes(sizes[index])

    best, smallest = largest(encode, budget)
    assert len(tried) == len(set(tried))
    assert best is None or len(best[0]) == sizes[best[1]] <= budget
    return (-1 if best is None else best[1]), smallest, len(tried)


@given(st.lists(st.integers(0, 9), min_size=INDICES, max_size=INDICES), st.integers(0, 300), st.integers(-5, 3000))
def test_of_monotone_sizes_the_largest_index_that_fits_is_found(rises: list[int], first: int, budget: int) -> None:
    sizes = (first + np.cumsum(rises)).tolist()
    fitting = [i for i, size in enumerate(sizes) if size <= budget]
    index, smallest, count = searched(sizes, budget)
    assert index == (fitting[-1] if fitting else -1)
    assert smallest == sizes[0] or fitting
    assert count <= 16


def test_sizes_that_grow_geometrically_take_about_half_of_bisection() -> None:
    counts = [
        searched([round(first * 2 ** (i / doubling)) for i in range(INDICES)], budget)[2]
        for first in (40, 90, 200)
        for doubling in (30, 45, 60)
        for budget in (250, 400, 1000, 2600)
    ]
    assert np.mean(counts) < 6
