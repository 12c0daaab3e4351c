"""The kernel distance against its definition, term by term."""

from __future__ import annotations

import numpy as np
import pytest

from intaglio.bench.metrics.kernel import kernel_distance


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
