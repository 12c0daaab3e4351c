"""Arrays of either engine: torch's tensors and NumPy's arrays, and the few things that the two spell differently.

What cuts pictures into pieces and leads a latent through its steps is written for both, by what they have in common.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar, cast

import numpy as np

Array = TypeVar("Array")
"""A tensor or an array; the functions here give back what they are given."""


def zeros(like: Array, shape: Sequence[int]) -> Array:
    """Zeros (shape) of the kind, type and place of `like`."""
    source: Any = like
    out: Any = np.zeros(shape, source.dtype) if isinstance(like, np.ndarray) else source.new_zeros(tuple(shape))
    return cast("Array", out)


def doubles(x: Array) -> Array:
    """x in float64."""
    source: Any = x
    out: Array = source.astype(np.float64) if isinstance(x, np.ndarray) else source.double()
    return out


def like(x: Array, other: Array) -> Array:
    """x in the type, and at the place, of the other."""
    source: Any = x
    goal: Any = other
    out: Array = source.astype(goal.dtype) if isinstance(x, np.ndarray) else source.to(goal)
    return out
