"""The kernel distance against its definition, term by term."""

from __future__ import annotations

import numpy as np
import pytest

from intaglio.measures.kernel_distance import estimate, interval, kernel_distance, pairs


def test_a_direct_sum() -> None:
    rng = np.random.default_rng(1)
    f, g = rng.normal(size=(5, 3)), rng.normal(size=(5, 3)) + 0.5
    total = 0.0
    for i in range(5):
        for j in range(5):
            if i != j:
                for a, b, sign in ((f, f, 1), (g, g, 1), (f, g, -2)):
                    total += sign * (sum(a[i, k] * b[j, k] for k in range(3)) / 3 + 1) ** 3
    assert kernel_distance(f, g) == pytest.approx(1000 * total / 20)


def test_equal_sets_and_sets_of_one() -> None:
    f = np.random.default_rng(2).normal(size=(7, 4))
    assert kernel_distance(f, f.copy()) == 0
    assert kernel_distance(f[:1], f[:1]) is None
    with pytest.raises(ValueError, match="no pairs"):
        kernel_distance(f, f[:3])


def test_copies_of_a_row_are_no_pair() -> None:
    f = np.random.default_rng(3).normal(size=(12, 5))
    added = pairs(f, f + 1)
    once = estimate(added, np.ones(12))
    assert once == pytest.approx(kernel_distance(f, f + 1))
    assert estimate(added, np.full(12, 2.0)) == pytest.approx(once)
    assert np.isnan(estimate(added, np.eye(12)[0]))


def test_interval_holds_what_it_should() -> None:
    """Of 80 sets of pictures, two patches each, some 95 % of the intervals hold the distance of all pictures there are."""
    rng = np.random.default_rng(4)

    def drawn(pictures: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        f = np.repeat(rng.normal(size=(pictures, 5)), 2, 0) + 0.5 * rng.normal(size=(2 * pictures, 5))
        return f, f + 0.5 + 0.3 * np.repeat(rng.normal(size=(pictures, 1)), 2, 0), np.repeat(np.arange(pictures), 2)

    whole = kernel_distance(*drawn(400)[:2])
    assert whole is not None
    figures = [interval(*drawn(20)) for _ in range(80)]
    held = [figure is not None and figure.low < whole < figure.high for figure in figures]
    assert 0.85 < np.mean(held) < 0.99
    f, g, owners = drawn(24)
    figure = interval(f, g, owners)
    assert figure is not None and figure.value == pytest.approx(kernel_distance(f, g)) and figure.n == 24


def test_no_interval_of_few_pictures() -> None:
    f = np.random.default_rng(5).normal(size=(14, 5))
    assert interval(f, f + 1, np.repeat(np.arange(7), 2)) is None
