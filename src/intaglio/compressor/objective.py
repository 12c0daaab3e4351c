"""What the compressor is trained for, and what the encoder's search goes by: rate against errors of latent and picture."""

from __future__ import annotations

import torch

from intaglio.compressor.prompt import Prompt

LATENT, PICTURE = 0.25, 60.0  # weights of the squared errors of base latent and base picture
LAMBDA = (0.012, 60.0)  # bits per pixel that a unit of error is worth, at quality 0 and 1; geometric between


def lam(q: torch.Tensor) -> torch.Tensor:
    """The weight of distortion at quality q in 0..1."""
    low, high = LAMBDA
    return low * (high / low) ** q


def errors(prompt: Prompt, z: torch.Tensor, p: torch.Tensor) -> torch.Tensor:
    """Weighted errors (B,) of a prompt's base latent and base picture, to latents z and packets p."""
    latent = (prompt.latent.float() - z).square().mean((1, 2, 3))
    return LATENT * latent + PICTURE * (prompt.packets.float() - p).square().mean((1, 2, 3))
