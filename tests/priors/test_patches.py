"""Patches in lock-step: the same result in any order, the whole for what is local, no seam in what is flat."""

import random

import pytest
import torch

from intaglio.priors import patches as tiles
from intaglio.priors.noise import field


def test_windows_cover_the_latent_and_end_with_it() -> None:
    seen = torch.zeros(100, 132)
    for top, left, h, w in tiles.windows(100, 132, 32, 8):
        assert top % 4 == left % 4 == 0
        assert (h, w) == (32, 32)
        seen[top : top + h, left : left + w] += 1
    assert seen.min() >= 1
    assert tiles.windows(20, 12, 32, 8) == [(0, 0, 20, 12)]


def test_the_order_of_patches_changes_no_bit() -> None:
    z = field(0, 0, 3, 72, 104)
    calls: list[tiles.Window] = []

    def denoise(part: torch.Tensor, window: tiles.Window) -> torch.Tensor:
        calls.append(window)
        return part * torch.linspace(0.5, 2, part.shape[3]) + part.mean()  # depends on the patch, as attention does

    row_by_row = tiles.in_patches(denoise, z, tile=32, overlap=8)
    order = tiles.windows(72, 104, 32, 8)
    assert calls == order
    random.Random(1).shuffle(order)
    assert order != calls
    assert torch.equal(tiles.in_patches(denoise, z, order, tile=32, overlap=8), row_by_row)


def test_what_is_pointwise_equals_the_whole() -> None:
    z = field(1, 0, 2, 64, 96)
    whole = tiles.in_patches(lambda part, _: part.tanh(), z, tile=96)
    assert (tiles.in_patches(lambda part, _: part.tanh(), z, tile=32, overlap=8) - whole).abs().max() < 2**-19


@pytest.mark.parametrize("overlap", [8, 16])
def test_patches_that_disagree_leave_no_seam(overlap: int) -> None:
    """Each patch answers with a level of its own: the mix crosses an overlap in even steps."""
    z = torch.zeros(1, 1, 32, 80)
    level = dict.fromkeys(tiles.windows(32, 80, 32, overlap))
    for k, window in enumerate(level):
        level[window] = float(k % 2)
    mixed = tiles.in_patches(lambda part, window: part + level[window], z, tile=32, overlap=overlap)[0, 0, 0]
    assert mixed.max() - mixed.min() > 0.9
    assert mixed.diff().abs().max() < 1.5 / overlap
