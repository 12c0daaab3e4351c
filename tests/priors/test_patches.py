"""Patches in lock-step: the same result in any order, the whole for what is local, no seam in what is flat."""

import random

import pytest
import torch

from intaglio.networks.tiles import Rect
from intaglio.priors.noise import field
from intaglio.priors.patches import in_patches, needed, patches


def test_patches_cover_the_latent_and_end_with_it() -> None:
    seen = torch.zeros(100, 132)
    for patch in patches(100, 132, 32, 8):
        assert patch.top % 4 == patch.left % 4 == 0
        assert (patch.height, patch.width) == (32, 32)
        patch.cut(seen).add_(1)
    assert seen.min() >= 1
    assert patches(20, 12, 32, 8) == [Rect(0, 0, 20, 12)]


def test_a_part_needs_a_ring_more_for_each_step() -> None:
    part = Rect(40, 40, 42, 42)
    rings = needed(part, 200, 200, 4, 32, 8)
    counts = [len(ring) for ring in rings]
    assert len(patches(200, 200, 32, 8)) > counts[0] > counts[1] > counts[2] > counts[3]
    assert all(patch.meets(part) for patch in rings[3])
    assert needed(part, 200, 200, 2, 32, 8) == rings[2:]


def test_the_order_of_patches_changes_no_bit() -> None:
    z = torch.from_numpy(field(0, 3, 72, 104))
    calls: list[Rect] = []

    def denoise(part: torch.Tensor, patch: Rect) -> torch.Tensor:
        calls.append(patch)
        return part * torch.linspace(0.5, 2, part.shape[3]) + part.mean()  # depends on the patch, as attention does

    row_by_row = in_patches(denoise, z, tile=32, overlap=8)
    order = patches(72, 104, 32, 8)
    assert calls == order
    random.Random(1).shuffle(order)
    assert order != calls
    assert torch.equal(in_patches(denoise, z, order, tile=32, overlap=8), row_by_row)


def test_what_is_pointwise_equals_the_whole() -> None:
    z = torch.from_numpy(field(1, 2, 64, 96))
    whole = in_patches(lambda part, _: part.tanh(), z, tile=96)
    assert (in_patches(lambda part, _: part.tanh(), z, tile=32, overlap=8) - whole).abs().max() < 2**-19


@pytest.mark.parametrize("overlap", [8, 16])
def test_patches_that_disagree_leave_no_seam(overlap: int) -> None:
    """Each patch answers with a level of its own: the mix crosses an overlap in even steps."""
    z = torch.zeros(1, 1, 32, 80)
    level = {patch: float(k % 2) for k, patch in enumerate(patches(32, 80, 32, overlap))}
    mixed = in_patches(lambda part, patch: part + level[patch], z, tile=32, overlap=overlap)[0, 0, 0]
    assert mixed.max() - mixed.min() > 0.9
    assert mixed.diff().abs().max() < 1.5 / overlap
