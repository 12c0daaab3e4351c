"""The search for a budget finds the largest index that fits, with few trials."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from intaglio.pipeline.search import INDICES, largest


def searched(sizes: list[int], budget: int, wrong: int = 0) -> tuple[int, int, int, int]:
    """(index or -1, payload's bytes, trials, codings) for payloads of the given sizes, which trials get wrong by so much."""
    tried: list[int] = []
    coded: list[int] = []

    @dataclass
    class Trial:
        index: int

        @property
        def size(self) -> int:
            return sizes[self.index] + wrong

        def payload(self) -> bytes:
            coded.append(self.index)
            return bytes(sizes[self.index])

    def trial(index: int) -> Trial:
        tried.append(index)
        return Trial(index)

    payload, index = largest(trial, budget, 1 << 16)
    assert len(coded) == len(set(coded)) and len(tried) - len(set(tried)) < len(coded)
    assert len(payload) == sizes[index or 0] and (index is None or len(payload) <= budget)
    return (-1 if index is None else index), len(payload), len(tried), len(coded)


Rises = st.lists(st.integers(0, 9), min_size=INDICES, max_size=INDICES)


@given(Rises, st.integers(0, 300), st.integers(-5, 3000))
def test_of_monotone_sizes_the_largest_index_that_fits_is_found(rises: list[int], first: int, budget: int) -> None:
    sizes = (first + np.cumsum(rises)).tolist()
    fitting = [i for i, size in enumerate(sizes) if size <= budget]
    index, bytes_, trials, codings = searched(sizes, budget)
    assert index == (fitting[-1] if fitting else -1)
    assert bytes_ == sizes[max(index, 0)]
    assert trials <= 16 and codings == 1


@given(Rises, st.integers(0, 300), st.integers(-5, 3000), st.integers(-6, 6))
def test_where_trials_err_what_is_coded_fits_all_the_same(
    rises: list[int], first: int, budget: int, wrong: int
) -> None:
    sizes = (first + np.cumsum(rises)).tolist()
    index = searched(sizes, budget, wrong)[0]
    near = [i for i, size in enumerate(sizes) if size <= budget - max(wrong, 0)]
    assert index >= (near[-1] if near else -1)


def test_sizes_that_grow_geometrically_take_about_half_of_bisection() -> None:
    counts = [
        searched([round(first * 2 ** (i / doubling)) for i in range(INDICES)], budget)[2]
        for first in (40, 90, 200)
        for doubling in (30, 45, 60)
        for budget in (250, 400, 1000, 2600)
    ]
    assert np.mean(counts) < 6
