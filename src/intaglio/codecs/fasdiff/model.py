"""FaSDiff's networks together: what the weights file holds."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from intaglio.codecs.fasdiff.compressor import Coded, Compressor, CompressorConfig, Prompt
from intaglio.codecs.fasdiff.enhancement import Enhancement
from intaglio.nets import packets
from intaglio.prior.compact import CompactPrior, PriorConfig
from intaglio.prior.sampler import sample


class FaSDiff(nn.Module):
    """Compressor, enhancement and prior."""

    def __init__(self, compressor: CompressorConfig, prior: PriorConfig) -> None:
        super().__init__()
        self.compressor = Compressor(compressor)
        self.enhancement = Enhancement(compressor, prior)
        self.prior = CompactPrior(prior)

    def draw(self, c: Coded, prompt: Prompt, q: torch.Tensor, steps: int, noise: torch.Tensor) -> torch.Tensor:
        """Latents that the diffusion makes of decoded tensors and their prompt."""
        control = self.enhancement(c, prompt, q)
        return sample(lambda z, sigma: self.prior(z, sigma, control), prompt.latent.float(), q, steps, noise)


def base_picture(prompt: Prompt) -> torch.Tensor:
    """The base picture (B, 3, H, W), about 0..1: `realism` 0."""
    return packets.synthesise(prompt.packets.float()) + 0.5


def hold_low_band(x: torch.Tensor, prompt: Prompt) -> torch.Tensor:
    """The picture with its 8x8 means, smoothly interpolated, moved to the base picture's: low-frequency consistency."""
    wanted = prompt.packets[:, :3].float() / 8 + 0.5
    return x + F.interpolate(wanted - F.avg_pool2d(x, 8), scale_factor=8, mode="bilinear")
