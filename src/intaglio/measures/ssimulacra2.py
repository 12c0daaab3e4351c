"""SSIMULACRA 2 (Sneyers 2023), 100 for equal pictures, by the package ssimulacra2: a port of the tool to numpy.

The port's Gaussian is scipy's, not the tool's recursive one: its figures are near the tool's, not equal to them.
"""

from __future__ import annotations

from io import BytesIO
from typing import Any

from intaglio.measures.measure import Rgb
from intaglio.measures.optional import require

SMALLEST = 8  # pixels a side


class Ssimulacra2:
    name = "ssimulacra2"
    title = "SSIMULACRA 2"
    lower = False
    note = ""

    def __init__(self) -> None:
        self.score: Any = require("ssimulacra2", "ssimulacra2").compute_ssimulacra2

    def describe(self, rgb: Rgb) -> bytes | None:
        """The picture as a file, which is what the package takes; None if it is too small for one scale."""
        height, width = rgb.shape[:2]
        if min(height, width) < SMALLEST:
            return None
        return b"P6 %d %d 255\n" % (width, height) + rgb.tobytes()

    def compare(self, original: bytes | None, decoded: bytes | None) -> float | None:
        """None for a picture of under 8 pixels a side."""
        if original is None or decoded is None:
            return None
        return float(self.score(BytesIO(original), BytesIO(decoded)))
