"""Light of films and television (PQ and HLG, ITU-R BT.2100), in which 1 is the white of a page: 203 cd/m², BT.2408.

What is brighter than that is rolled off: below a knee nothing changes, so a picture without highlights stays as it is.
"""

from __future__ import annotations

import math

import numpy as np

from intaglio.image.colour_space import Levels

WHITE = 203.0  # cd/m²
_HLG_PEAK = 1000.0
_KNEE = np.float32(0.7)


def pq(coded: Levels) -> Levels:
    """SMPTE ST 2084."""
    m1, m2, c1, c2, c3 = 2610 / 16384, 2523 / 32, 3424 / 4096, 2413 / 128, 2392 / 128
    root = np.clip(coded, 0, 1).astype(np.float64) ** (1 / m2)
    light = (np.maximum(root - c1, 0) / (c2 - c3 * root)) ** (1 / m1)
    return (light * (10_000 / WHITE)).astype(np.float32)


def hlg(coded: Levels) -> Levels:
    """ARIB STD-B67 on a display of 1,000 cd/m², whose system gamma is 1.2."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    scene = np.where(coded <= 0.5, coded**2 / 3, (np.exp((coded - c) / a) + b) / 12)
    if coded.shape[-1] == 3:
        luminance = scene @ np.array([0.2627, 0.6780, 0.0593], np.float32)
    else:
        luminance = scene[..., 0]
    return (scene * luminance[..., None] ** 0.2 * (_HLG_PEAK / WHITE)).astype(np.float32)


def rolled_off(linear: Levels, peak: float) -> Levels:
    """Light up to `peak` into 0..1: logarithmic above the knee, without a bend there, by the largest channel, so hues stay.

    Args:
        linear: (..., 1 or 3). peak: the brightest value in the picture; at most 1 changes nothing.
    """
    if peak <= 1:
        return linear
    largest = linear.max(-1, keepdims=True)
    over = np.maximum(largest - _KNEE, 0) / (1 - _KNEE)
    end = (peak - float(_KNEE)) / (1 - float(_KNEE))
    strength = end
    for _ in range(100):  # until log(1 + strength * end) = strength: then the curve ends at 1 and starts with slope 1
        strength = math.log1p(strength * end)
    compressed = _KNEE + (1 - _KNEE) * np.log1p(strength * over) / strength
    return np.where(largest > _KNEE, linear * (compressed / np.maximum(largest, 1e-6)), linear).astype(np.float32)
