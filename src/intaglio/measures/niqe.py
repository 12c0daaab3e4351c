"""NIQE (Mittal, Soundararajan and Bovik 2013): how far a picture's local statistics are from those of natural pictures.

It sees no original: a picture that is clean and wrong scores well. Weights: niqe_pristine.safetensors (of BasicSR, which
has the authors' model); luma is BT.601's in 16..235, rounded, as there.
"""

from __future__ import annotations

from functools import cache, partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file

from intaglio.measures.feature_files import find
from intaglio.measures.measure import Rgb
from intaglio.measures.optional import require

Array = NDArray[np.float64]

BLOCK = 96  # pixels a side at the first of two scales
NEIGHBOURS = ((0, 1), (1, 0), (1, 1), (1, -1))  # shifts down and right
# Bicubic halving with antialiasing (Matlab's imresize): the cubic of a = -1/2 stretched to twice its width.
DISTANCES = np.abs(np.arange(8) - 3.5) / 2
CUBIC = np.where(
    DISTANCES <= 1,
    1.5 * DISTANCES**3 - 2.5 * DISTANCES**2 + 1,
    -0.5 * DISTANCES**3 + 2.5 * DISTANCES**2 - 4 * DISTANCES + 2,
)


def luma(rgb: Rgb) -> Array:
    return (rgb.astype(np.float64) @ np.array([65.481, 128.553, 24.966]) / 255 + 16).round()


def halve(plane: Array) -> Array:
    """(H, W), even sides, to (H / 2, W / 2); mirrored at the borders."""
    for _ in range(2):
        padded = np.pad(plane, ((3, 3), (0, 0)), mode="symmetric")
        taps = [padded[k : k + plane.shape[0] : 2] for k in range(8)]
        plane = np.tensordot(CUBIC / CUBIC.sum(), np.stack(taps), 1).T
    return plane


@cache
def shapes() -> tuple[Array, Array, Array]:
    """Of generalised Gaussians: exponents, their squared mean modulus over variance, and width over deviation."""
    gamma = require("scipy.special", "scipy").gamma
    alpha = np.arange(0.2, 10.001, 0.001)
    one, two, three = (gamma(k / alpha) for k in (1, 2, 3))
    return alpha, two**2 / (one * three), np.sqrt(one / three)


def fit(x: Array) -> tuple[float, float, float]:
    """Exponent, left and right width of the asymmetric generalised Gaussian of the samples; NaN where they lie all on one side."""
    left, right = (float(np.sqrt(np.square(side).mean())) if side.size else np.nan for side in (x[x < 0], x[x > 0]))
    if np.isnan(left + right):
        return np.nan, np.nan, np.nan
    alpha, ratios, widths = shapes()
    skew = left / right
    ratio = np.abs(x).mean() ** 2 / np.square(x).mean() * (skew**3 + 1) * (skew + 1) / (skew**2 + 1) ** 2
    i = int(np.argmin(np.abs(ratios - ratio)))
    return float(alpha[i]), left * float(widths[i]), right * float(widths[i])


def block_features(block: Array) -> list[float]:
    """18 numbers of a block of normalised luma: its own distribution and those of products with four neighbours."""
    gamma = require("scipy.special", "scipy").gamma
    alpha, left, right = fit(block)
    numbers = [alpha, (left + right) / 2]
    for shift in NEIGHBOURS:
        alpha, left, right = fit(block * np.roll(block, shift, axis=(0, 1)))
        numbers += [alpha, (right - left) * float(gamma(2 / alpha) / gamma(1 / alpha)), left, right]
    return numbers


class Niqe:
    name = "niqe"
    title = "NIQE"
    lower = True
    note = "sees the decoded picture alone"

    def __init__(self, folder: Path | None) -> None:
        weights = load_file(find("niqe_pristine.safetensors", folder))  # doubles, and used as such
        self.mean: Array = weights["mu_pris_param"][0]
        self.covariance: Array = weights["cov_pris_param"]
        self.smooth = partial(
            require("scipy.ndimage", "scipy").convolve, weights=weights["gaussian_window"], mode="nearest"
        )

    def features(self, plane: Array) -> Array:
        """Luma (H, W) of whole blocks to (blocks, 36)."""
        scales = []
        for side in (BLOCK, BLOCK // 2):
            mean = self.smooth(plane)
            deviation = np.sqrt(np.abs(self.smooth(plane**2) - mean**2))
            normal = (plane - mean) / (deviation + 1)
            tops, lefts = (range(0, n, side) for n in normal.shape)
            scales.append([block_features(normal[y : y + side, x : x + side]) for x in lefts for y in tops])
            plane = halve(plane)
        return np.concatenate([np.array(s) for s in scales], 1)

    def describe(self, rgb: Rgb) -> float | None:
        """The score of one picture; None with fewer than two blocks of 96x96 that are not flat."""
        height, width = (n // BLOCK * BLOCK for n in rgb.shape[:2])
        if height * width < 2 * BLOCK**2:
            return None
        features = self.features(luma(rgb[:height, :width]))
        whole = features[~np.isnan(features).any(1)]
        if len(whole) < 2:
            return None
        # As in the authors' code: numbers of a block that is flat at one scale still count for the mean, not here.
        apart = self.mean - np.nanmean(features, 0)
        spread = (self.covariance + np.cov(whole, rowvar=False)) / 2
        return float(np.sqrt(apart @ np.linalg.pinv(spread) @ apart))

    def compare(self, original: float | None, decoded: float | None) -> float | None:
        return decoded
