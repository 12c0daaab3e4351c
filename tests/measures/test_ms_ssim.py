"""MS-SSIM by hand where that can be done, and as the package pytorch-msssim has it."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from intaglio.measures.ms_ssim import C1, EXPONENTS, MsSsim, scales

Rgb = NDArray[np.uint8]


def measure(a: Rgb, b: Rgb) -> float | None:
    m = MsSsim()
    return m.compare(m.describe(a), m.describe(b))


def test_equal_pictures(original: Rgb) -> None:
    assert measure(original, original) == pytest.approx(1, abs=1e-6)


def test_flat_pictures_differ_in_luminance_alone() -> None:
    x, y = np.full((176, 176, 3), 51, np.uint8), np.full((176, 176, 3), 102, np.uint8)
    luminance = (2 * 0.2 * 0.4 + C1) / (0.2**2 + 0.4**2 + C1)
    assert measure(x, y) == pytest.approx(luminance ** EXPONENTS[4], abs=2e-4)
    assert measure(x[:20, :20], y[:20, :20]) == pytest.approx(luminance, abs=2e-4)  # one scale has all the weight


def test_as_pytorch_msssim(original: Rgb, decoded: Rgb) -> None:
    # pytorch-msssim 1.0.0: ms_ssim(a, b, data_range=1.0) in float64
    assert measure(original, decoded) == pytest.approx(0.9445278, abs=2e-6)


def test_scales_and_odd_sides(original: Rgb, decoded: Rgb) -> None:
    assert [scales(side, 999) for side in (10, 11, 20, 21, 41, 81, 160, 161)] == [0, 1, 1, 2, 3, 4, 4, 5]
    assert measure(original[:10], decoded[:10]) is None
    # pytorch-msssim 1.0.0, as above: at odd sides the halving has a border of zeros
    assert measure(original[:173, :187], decoded[:173, :187]) == pytest.approx(0.9538974, abs=2e-6)
