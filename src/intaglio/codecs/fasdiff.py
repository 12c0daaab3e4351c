"""FaSDiff's networks together: what the weights file holds."""

from __future__ import annotations

import torch
from torch import nn

from intaglio.codecs.enhancement import Enhancement
from intaglio.compressor.base_picture import hold_low_band
from intaglio.compressor.compressor import Coded, Compressor, CompressorConfig, Prompt
from intaglio.priors.patches import Box, needed, patched
from intaglio.priors.sampler import sample
from intaglio.priors.unet import CompactPrior, Control, PriorConfig


class FaSDiff(nn.Module):
    """Compressor, enhancement and prior."""

    tile = 256  # latents of a patch: up to 2048 pixels a side, attention sees the whole face

    def __init__(self, compressor: CompressorConfig, prior: PriorConfig) -> None:
        super().__init__()
        self.compressor = Compressor(compressor)
        self.enhancement = Enhancement(compressor, prior)
        self.prior = CompactPrior(prior)

    def control(self, c: Coded, prompt: Prompt, q: torch.Tensor) -> Control:
        """What steers the prior for decoded tensors and their prompt."""
        control: Control = self.enhancement(c, prompt, q)
        return control

    def draw(
        self,
        control: Control,
        q: torch.Tensor,
        steps: int,
        noise: torch.Tensor,
        realism: float = 1.0,
        part: Box | None = None,
    ) -> torch.Tensor:
        """Latents (B, 32, h, w) that the diffusion makes under a control; `realism` acts later, on pixels.

        Of a large latent, `part` alone is drawn, where it is given.
        """
        order = needed(part, noise.shape[2], noise.shape[3], steps, self.tile) if part else None
        return sample(patched(self.prior, control, self.tile, order), control.base.float(), q, steps, noise)

    def hold(self, x: torch.Tensor, prompt: Prompt, realism: float = 1.0) -> torch.Tensor:
        """A drawn picture (B, 3, H, W) held to the base picture."""
        return hold_low_band(x, prompt)
