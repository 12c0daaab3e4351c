"""CGDM's networks together: what the weights file holds, and the bounds of how far diffusion may stray."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from intaglio.codecs.fusion import Fusion
from intaglio.codecs.syntax import SyntaxSynthesis
from intaglio.compressor.base_picture import base_means, hold_low_band
from intaglio.compressor.compressor import Coded, Compressor, CompressorConfig, Prompt
from intaglio.priors.patches import TILE, Box, needed, patched
from intaglio.priors.sampler import sample
from intaglio.priors.unet import CompactPrior, Control, PriorConfig

LATENT_BOUND = 2.0  # a drawn latent lies at most so far from the base latent, in the unit of latents (deviation 1)
LOW_BOUND = 4 / 255  # and every 8x8 mean of the drawn picture so far from the base picture's, before clipping to 0..1


class CGDM(nn.Module):
    """Compressor with neural syntax, fusion of the consistency-guided branch, and prior."""

    tile = TILE  # latents of a patch

    def __init__(self, compressor: CompressorConfig, prior: PriorConfig) -> None:
        super().__init__()
        # At high rates, lean latents cost pictures of any kind .02 in LPIPS-VGG (docs/experiments.md).
        self.compressor = Compressor(compressor, SyntaxSynthesis(compressor), lean_encoder=False)
        self.fusion = Fusion(compressor, prior)
        self.prior = CompactPrior(prior)

    def control(self, c: Coded, prompt: Prompt, q: torch.Tensor) -> Control:
        """What steers the prior for decoded tensors and their prompt."""
        control: Control = self.fusion(c, prompt, q)
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
        """Latents (B, 32, h, w) that the diffusion makes under a control, within realism * LATENT_BOUND of the base's.

        Of a large latent, `part` alone is drawn, where it is given.
        """
        base = control.base.float()
        order = needed(part, noise.shape[2], noise.shape[3], steps, self.tile) if part else None
        return near(sample(patched(self.prior, control, self.tile, order), base, q, steps, noise), base, realism)

    def hold(self, x: torch.Tensor, prompt: Prompt, realism: float = 1.0) -> torch.Tensor:
        """A drawn picture (B, 3, H, W) held to the base picture: no 8x8 mean strays further than realism * LOW_BOUND."""
        x = hold_low_band(x, prompt)
        strayed = F.avg_pool2d(x, 8) - base_means(prompt)
        excess = strayed - strayed.clamp(-realism * LOW_BOUND, realism * LOW_BOUND)
        return x - F.interpolate(excess, scale_factor=8, mode="nearest")


def near(z: torch.Tensor, base: torch.Tensor, realism: float = 1.0) -> torch.Tensor:
    """z moved, value by value, to within realism * LATENT_BOUND of the base."""
    return base + (z - base).clamp(-realism * LATENT_BOUND, realism * LATENT_BOUND)
