"""Globally uniform boundary control: a denoising step of a large latent in overlapped patches, merged at every step.

All patches of a step see the same global noise and the same control, cut out by absolute position; where they overlap,
their results are mixed with feathered weights before the next step begins. Results are rounded to multiples of 2**-20
and weights are whole numbers, so that the sums are exact in float64 and do not depend on the order of patches.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch

from intaglio.priors.sampler import Denoise
from intaglio.priors.unet import Control

TILE, OVERLAP = 128, 16  # latents; 1024 and 128 pixels
GRAIN = 1 << 20  # steps per unit that results are rounded to

Window = tuple[int, int, int, int]  # top, left, height, width in latents
Box = tuple[int, int, int, int]  # top, left, bottom, right


def starts(size: int, tile: int, overlap: int) -> list[int]:
    """Where patches begin along a side: the last one ends with the side."""
    if size <= tile:
        return [0]
    return [*range(0, size - tile, tile - overlap), size - tile]


def feather(start: int, length: int, size: int, overlap: int) -> torch.Tensor:
    """Whole-number weights (length,) of a patch along a side: ramps at its inner ends, flat towards the picture's border."""
    weight = torch.full((length,), overlap, dtype=torch.float64)
    ramp = torch.arange(1, overlap + 1, dtype=torch.float64).clamp(max=overlap)
    if start > 0:
        weight[:overlap] = ramp
    if start + length < size:
        weight[-overlap:] = torch.minimum(weight[-overlap:], ramp.flip(0))
    return weight


def windows(height: int, width: int, tile: int = TILE, overlap: int = OVERLAP) -> list[Window]:
    """The patches of a latent, row by row."""
    h, w = min(height, tile), min(width, tile)
    return [(top, left, h, w) for top in starts(height, tile, overlap) for left in starts(width, tile, overlap)]


def meets(window: Window, box: Box) -> bool:
    """Whether a window has a part of the box."""
    top, left, h, w = window
    return top < box[2] and box[0] < top + h and left < box[3] and box[1] < left + w


def needed(box: Box, height: int, width: int, steps: int, tile: int = TILE, overlap: int = OVERLAP) -> list[Window]:
    """The patches that a part of the latent depends on: those that meet it, and a ring more for each further step."""
    every = windows(height, width, tile, overlap)
    chosen = [window for window in every if meets(window, box)]
    for _ in range(steps - 1):
        reached = [(top, left, top + h, left + w) for top, left, h, w in chosen]
        chosen = [window for window in every if any(meets(window, one) for one in reached)]
    return chosen


def in_patches(
    denoise: Callable[[torch.Tensor, Window], torch.Tensor],
    z: torch.Tensor,
    order: Sequence[Window] | None = None,
    tile: int = TILE,
    overlap: int = OVERLAP,
) -> torch.Tensor:
    """denoise(z, whole window) of a latent z (B, C, h, w), sides multiples of 4, done in patches if it is large.

    `order`: `windows(h, w, tile, overlap)` in any order, row by row by default; or some of them, the rest is left zero.
    """
    height, width = z.shape[2:]
    if height <= tile and width <= tile:
        return denoise(z, (0, 0, height, width))
    total = torch.zeros(z.shape, dtype=torch.float64, device=z.device)
    weights = torch.zeros((height, width), dtype=torch.float64, device=z.device)
    for window in order or windows(height, width, tile, overlap):
        top, left, h, w = window
        part = denoise(z[..., top : top + h, left : left + w], window)
        weight = (feather(top, h, height, overlap)[:, None] * feather(left, w, width, overlap)[None]).to(z.device)
        total[..., top : top + h, left : left + w] += (part.double() * GRAIN).round() * weight
        weights[top : top + h, left : left + w] += weight
    return (total / (weights.clamp(min=1) * GRAIN)).to(z.dtype)


def patched(prior: Any, control: Control, tile: int = TILE, order: Sequence[Window] | None = None) -> Denoise:
    """What a sampler calls, D(z, sigma): the prior under a control, in patches where the latent is large."""

    def denoise(z: torch.Tensor, sigma: torch.Tensor) -> torch.Tensor:
        def patch(part: torch.Tensor, window: Window) -> torch.Tensor:
            out: torch.Tensor = prior(part, sigma, control.window(*window))
            return out

        return in_patches(patch, z, order, tile)

    return denoise
