"""The picture that is being coded, at every coded scale; what is made of it is made once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from intaglio import image
from intaglio.entropy.stream import STRIDE

Tensors = dict[str, NDArray[np.float32]]
"""Coded tensors of one picture by name, each (C, h, w), in units."""

T = TypeVar("T")


class Original:
    """A picture (H, W, 3) uint8 with all that was made of it, by any codec; one thread's."""

    def __init__(self, rgb: image.Rgb, *, grey: bool = False) -> None:
        self.rgb, self.grey = rgb, grey
        self.hurry = False  # once a user would not wait for a refinement, there is no other
        self._kept: dict[tuple[object, ...], Any] = {}

    def padded(self, scale: int) -> image.Rgb:
        """(H, W, 3) at a coded scale, sides multiples of 32."""
        return self.kept(("padded", scale), lambda: image.pad(image.shrink(self.rgb, scale), STRIDE))

    def kept(self, key: tuple[object, ...], make: Callable[[], T]) -> T:
        """What was made under a key before, or now is."""
        if key not in self._kept:
            self._kept[key] = make()
        out: T = self._kept[key]
        return out
