"""PSNR over all samples of R, G and B, in dB."""

from __future__ import annotations

import numpy as np

from intaglio.measures.measure import Rgb

MOST = 100.0  # dB: two equal pictures would have infinitely many, of which no mean can be taken


class Psnr:
    name = "psnr"
    title = "PSNR (dB)"
    lower = False
    note = ""

    def describe(self, rgb: Rgb) -> Rgb:
        return rgb

    def compare(self, original: Rgb, decoded: Rgb) -> float:
        # Whole numbers: the sum of squares is exact.
        error = np.square(original.astype(np.int64) - decoded.astype(np.int64)).mean() / 255**2
        return min(MOST, float(-10 * np.log10(error))) if error else MOST
