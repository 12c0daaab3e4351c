"""What a measure is: features of a picture, computed once, and a number of two pictures' features."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Rgb = NDArray[np.uint8]
"""A picture (H, W, 3)."""


class Measure(Protocol):
    """A measure of a decoded picture against its original."""

    name: str  # key in results: "lpips"
    title: str  # for people: "LPIPS (AlexNet)"
    lower: bool  # True: lower is better
    note: str  # what to say beside it, e.g. that the codec was trained on it; else ""

    def describe(self, rgb: Rgb) -> Any:
        """What the measure needs of one picture."""

    def compare(self, original: Any, decoded: Any) -> float | None:
        """The number for two pictures' descriptions; None where there is none (no face in the original)."""
