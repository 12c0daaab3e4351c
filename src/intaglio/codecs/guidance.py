"""The visual prompt as feature maps for the three levels of the prior: what both codecs' guidance begins with."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from intaglio.compressor.config import CompressorConfig
from intaglio.compressor.prompt import Prompt
from intaglio.networks import packets
from intaglio.networks.blocks import Embedding, ResBlock, conv3
from intaglio.priors.unet import PriorConfig


def zeroed(layer: nn.Conv2d) -> nn.Conv2d:
    """The layer, its weights and biases set to zero."""
    with torch.no_grad():
        layer.weight.zero_()
        assert layer.bias is not None
        layer.bias.zero_()
    return layer


class Guidance(nn.Module):
    """Maps of the prompt, and how far the base latent is to be trusted at a quality. All maps start at zero."""

    def __init__(self, cfg: CompressorConfig, prior: PriorConfig) -> None:
        super().__init__()
        widths = self.widths = (prior.fine, prior.coarse, prior.deep)
        self.fine = nn.Sequential(conv3(cfg.fine + cfg.latent + packets.CHANNELS, prior.fine), ResBlock(prior.fine))
        self.coarse = nn.Conv2d(cfg.coarse, prior.coarse, 1)
        self.down = nn.ModuleList(conv3(a, b, 2) for a, b in zip(widths, widths[1:]))
        self.maps = nn.ModuleList(zeroed(nn.Conv2d(c, c, 1)) for c in widths)
        self.quality = Embedding(prior.cond, 0, 1)
        self.precision = nn.Linear(prior.cond, cfg.latent)
        with torch.no_grad():
            self.precision.weight.zero_()
            self.precision.bias.fill_(0.5)

    def guide(self, prompt: Prompt, q: torch.Tensor) -> tuple[list[torch.Tensor], torch.Tensor, torch.Tensor]:
        """(maps at 1/8, 1/16 and 1/32, quality (B, cond), inverse error variance of the base latent (B, latent))."""
        fine = self.fine(torch.cat([prompt.fine, prompt.latent, prompt.packets], 1))
        coarse = self.down[0](fine) + self.coarse(prompt.coarse)
        deep = self.down[1](coarse)
        maps = [convolve(F.relu(f)) for convolve, f in zip(self.maps, (fine, coarse, deep))]
        quality = self.quality(q)
        return maps, quality, self.precision(F.silu(quality)).exp()
