"""Large pictures in pieces: one rectangle, and one way to tile.

All counts are in cells of some grid (latents, or grains of 32 pixels); a tensor has a whole number of positions a cell.
A tile is computed with a margin of all that can reach it, so that what is stitched equals the whole within rounding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from intaglio.networks.arrays import Array, zeros


class Rect(NamedTuple):
    """Rows top to bottom and columns left to right of a grid, the ends left out."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def height(self) -> int:
        return self.bottom - self.top

    @property
    def width(self) -> int:
        return self.right - self.left

    def meets(self, other: Rect) -> bool:
        """Whether the two share a cell."""
        return (
            self.top < other.bottom and other.top < self.bottom and self.left < other.right and other.left < self.right
        )

    def grown(self, margin: int, rows: int, columns: int) -> Rect:
        """With a margin on every side, as far as a grid of so many rows and columns goes."""
        return Rect(
            max(self.top - margin, 0),
            max(self.left - margin, 0),
            min(self.bottom + margin, rows),
            min(self.right + margin, columns),
        )

    def within(self, outer: Rect) -> Rect:
        """The same cells, counted from the first one of `outer`."""
        return Rect(self.top - outer.top, self.left - outer.left, self.bottom - outer.top, self.right - outer.left)

    def cut(self, x: Array, step: int = 1) -> Array:
        """The rectangle's part of a tensor (..., H, W) with `step` positions a cell, as a view."""
        whole: Any = x
        part: Array = whole[..., self.top * step : self.bottom * step, self.left * step : self.right * step]
        return part


class Tile(NamedTuple):
    """A piece of a grid: the cells that it is made for, and those that it is made from."""

    inner: Rect
    outer: Rect


def tiles(rows: int, columns: int, side: int, margin: int = 0, part: Rect | None = None) -> Iterator[Tile]:
    """The tiles of a grid, `side` cells a side, row by row; with `part`, those that have a cell of it."""
    for top in range(0, rows, side):
        for left in range(0, columns, side):
            inner = Rect(top, left, min(top + side, rows), min(left + side, columns))
            if part is None or inner.meets(part):
                yield Tile(inner, inner.grown(margin, rows, columns))


def stitch(
    net: Callable[[Rect], Sequence[Any]],
    rows: int,
    columns: int,
    side: int,
    margin: int,
    part: Rect | None = None,
    after: Callable[[float], object] = lambda share: None,
) -> list[Any]:
    """Tensors (B, C, H, W) of a whole grid out of `net`, which gives those of a rectangle of it.

    With `part`, tiles that have no cell of it are not computed: there the result is zero. `after` is told the share of the
    work that each tile was.
    """
    if rows <= side and columns <= side:
        answers = list(net(Rect(0, 0, rows, columns)))
        after(1.0)
        return answers
    whole: list[Any] = []
    places = list(tiles(rows, columns, side, margin, part))
    for inner, outer in places:
        pieces = net(outer)
        steps = [piece.shape[-2] // outer.height for piece in pieces]
        if not whole:
            whole = [zeros(p, (*p.shape[:-2], rows * s, columns * s)) for p, s in zip(pieces, steps)]
        for out, piece, step in zip(whole, pieces, steps):
            inner.cut(out, step)[:] = inner.within(outer).cut(piece, step)
        after(1 / len(places))
    return whole
