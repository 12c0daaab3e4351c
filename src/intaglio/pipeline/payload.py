"""A payload's tensors, as both engines take them."""

from __future__ import annotations

import warnings
from collections.abc import Callable

from intaglio.entropy.stream import Floats, Stream


def tensors(
    stream: Stream,
    payload: bytes,
    index: int,
    grid: tuple[int, int],
    focus: bool = False,
    *,
    salvage: bool = False,
    watch: Callable[[float], object] = lambda share: None,
) -> dict[str, Floats]:
    """Decoded tensors (C, h, w) by name; `grid` is the padded size (rows, columns) in units of 32 pixels.

    With `salvage`, of a damaged payload what is there, with a warning that says how much. `watch` is called, with 0, after
    every pass of the decoder.
    """
    if salvage:
        values, share = stream.salvage(payload, index, *grid, focus)
        warnings.warn(
            f"the file is damaged or cut: {share:.0%} of its picture is drawn, the rest guessed", stacklevel=2
        )
    else:
        values = stream.decode(payload, index, *grid, focus, lambda name, symbols, indices: watch(0.0))
    return values.floats()
