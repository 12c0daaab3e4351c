"""Few-step sampling as a pure function: from the base latent plus noise, down a short ladder of noise levels.

Order 1 is DDIM (Song et al. 2021), order 2 DPM-Solver++ (2M; Lu et al. 2022), both after the first noise deterministic.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import torch

START = (1.5, 0.5)  # noise level at quality 0 and 1: the coarser the base, the more is imagined
LADDERS = {1: (1.0,), 2: (1.0, 0.35), 4: (1.0, 0.55, 0.28, 0.13)}  # shares of the start
Denoise: TypeAlias = "Callable[[torch.Tensor, torch.Tensor], torch.Tensor]"


def levels(q: torch.Tensor, steps: int) -> list[torch.Tensor]:
    """The noise levels (B,) of each step for qualities q (B,)."""
    low, high = START
    start = low * (high / low) ** q
    return [start * share for share in LADDERS[steps]]


def sample(
    denoise: Denoise, base: torch.Tensor, q: torch.Tensor, steps: int, noise: torch.Tensor, order: int = 1
) -> torch.Tensor:
    """Latents (B, C, h, w) from the base latents, by a solver of an order.

    With one step there is no noise: the seed has no effect.
    """
    sigmas = levels(q, steps)
    z = base if steps == 1 else base + sigmas[0][:, None, None, None] * noise
    return descend(denoise, z, sigmas, order)


def descend(denoise: Denoise, z: torch.Tensor, sigmas: Sequence[torch.Tensor], order: int = 1) -> torch.Tensor:
    """Clean latents of noisy ones z (B, C, h, w), whose noise is of the first of the falling levels (B,)."""
    clean = z
    for i, sigma in enumerate(sigmas):
        before, clean = clean, denoise(z, sigma)
        if i + 1 == len(sigmas):
            break
        share = sigmas[i + 1] / sigma
        if order == 1 or i == 0:
            goal = clean
        else:  # what the answers move by, led on from their last change
            lead = share.log() / (sigma / sigmas[i - 1]).log() / 2
            goal = clean + lead[:, None, None, None] * (clean - before)
        z = goal + (z - goal) * share[:, None, None, None]
    return clean
