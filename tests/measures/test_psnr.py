"""PSNR of errors that are known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from intaglio.measures.psnr import Psnr


def test_a_known_error() -> None:
    a = np.full((8, 6, 3), 100, np.uint8)
    assert Psnr().compare(a, a + 1) == pytest.approx(20 * math.log10(255))
    b = a.copy()
    b[0, 0, 1] = 88  # one sample of 144, by 12: a mean square of exactly 1; as bytes the difference would wrap
    assert Psnr().compare(a, b) == pytest.approx(20 * math.log10(255))


def test_black_for_white_is_zero_and_equal_is_bounded() -> None:
    black, white = np.zeros((2, 2, 3), np.uint8), np.full((2, 2, 3), 255, np.uint8)
    assert Psnr().compare(black, white) == pytest.approx(0)
    assert Psnr().compare(white, white) == 100
