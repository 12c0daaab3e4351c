"""One rectangle and one tiler: tiles part a grid without gap or overlap, and stitched results are the whole."""

import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F

from intaglio.networks.tiles import Rect, stitch, tiles

SIDES = st.integers(1, 12)


@given(SIDES, SIDES, st.integers(1, 5), st.integers(0, 3))
def test_tiles_part_the_grid(rows: int, columns: int, side: int, margin: int) -> None:
    seen = torch.zeros(rows, columns)
    for inner, outer in tiles(rows, columns, side, margin):
        inner.cut(seen).add_(1)
        assert outer == inner.grown(margin, rows, columns)
        assert inner.within(outer).cut(outer.cut(seen)).shape == (inner.height, inner.width)
    assert (seen == 1).all()


@given(SIDES, SIDES, st.integers(1, 4), st.integers(0, 11), st.integers(0, 11))
def test_only_tiles_of_a_part_are_computed(rows: int, columns: int, side: int, row: int, column: int) -> None:
    row, column = min(row, rows - 1), min(column, columns - 1)
    part = Rect(row, column, row + 1, column + 1)
    (tile,) = tiles(rows, columns, side, part=part)
    assert tile.inner.meets(part)


def blur(x: torch.Tensor) -> torch.Tensor:
    """Reaches one position; zeros outside."""
    return F.conv2d(x, torch.ones(1, 1, 3, 3) / 9, padding=1)


def test_stitched_is_the_whole_with_margin_and_not_without() -> None:
    x = torch.randn(1, 1, 14, 22, generator=torch.Generator().manual_seed(0))

    def net(place: Rect) -> list[torch.Tensor]:  # 2 positions a cell, and the same at twice the size
        piece = blur(place.cut(x, 2))
        return [piece, piece.repeat_interleave(2, 2).repeat_interleave(2, 3)]

    same, double = stitch(net, 7, 11, 3, 1)
    assert torch.equal(same, blur(x)) and double.shape == (1, 1, 28, 44)
    assert not torch.equal(stitch(net, 7, 11, 3, 0)[0], blur(x))
    part = stitch(net, 7, 11, 3, 1, Rect(0, 0, 1, 1))[0]
    assert torch.equal(part[..., :6, :6], blur(x)[..., :6, :6]) and not part[..., 6:, :].any()
