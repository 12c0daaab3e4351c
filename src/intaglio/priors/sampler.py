"""Few-step sampling as a pure function: from the base latent plus noise, down a short ladder of noise levels."""

from __future__ import annotations

from collections.abc import Callable

import torch

START = (1.5, 0.5)  # noise level at quality 0 and 1: the coarser the base, the more is imagined
LADDERS = {1: (1.0,), 2: (1.0, 0.35), 4: (1.0, 0.55, 0.28, 0.13)}  # shares of the start
Denoise = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def levels(q: torch.Tensor, steps: int) -> list[torch.Tensor]:
    """The noise levels (B,) of each step for qualities q (B,)."""
    low, high = START
    start = low * (high / low) ** q.float()
    return [start * share for share in LADDERS[steps]]


def sample(denoise: Denoise, base: torch.Tensor, q: torch.Tensor, steps: int, noise: torch.Tensor) -> torch.Tensor:
    """Latents (B, C, h, w) from the base latents: deterministic (DDIM, Song et al. 2021) after the first noise.

    With one step there is no noise: the seed has no effect.
    """
    sigmas = levels(q, steps)
    z = base if steps == 1 else base + sigmas[0][:, None, None, None] * noise
    clean = z
    for sigma, after in zip(sigmas, [*sigmas[1:], None]):
        clean = denoise(z, sigma)
        if after is not None:
            z = clean + (z - clean) * (after / sigma)[:, None, None, None]
    return clean
