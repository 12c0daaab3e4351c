"""The kernel distance against its definition, term by term."""

from __future__ import annotations

import numpy as np
import pytest

from intaglio.bench.metrics.kernel import estimate, interval, kernel_distance, pairs


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


def test_interval_draws_pictures_not_patches() -> None:
    rng = np.random.default_rng(4)
    f = rng.normal(size=(40, 5))
    g = f + rng.normal(size=(40, 1))
    alone = interval(f, g, np.arange(40))
    assert alone is not None and alone.low < alone.value < alone.high
    assert alone.value == pytest.approx(kernel_distance(f, g)) and alone.n == 40
    copies = [np.repeat(x, 4, 0) for x in (f, g)]  # what four patches alike say is no more than what one says
    whole = interval(*copies, np.repeat(np.arange(40), 4))
    patches = interval(*copies, np.arange(160))
    assert whole is not None and patches is not None
    assert whole.high - whole.low > 1.5 * (patches.high - patches.low)
    assert interval(f[:7], g[:7], np.arange(7)) is None
