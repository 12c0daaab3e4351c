"""What steers the prior: the visual prompt as control maps, and the low-frequency enhancement.

The paper's abstract says "hybrid low-frequency enhancement" that separates facial semantics and modulates the
diffusion steadily; ours (our choice): the spatial low-frequency part becomes scale and shift maps at every level of
the denoiser, the semantic tokens become attention tokens and part of the condition vector.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from intaglio.codecs.fasdiff.compressor import Coded, CompressorConfig, Prompt
from intaglio.nets import packets
from intaglio.nets.blocks import Embedding, ResBlock, conv3
from intaglio.prior.compact import Control, PriorConfig


def _zero(layer: nn.Conv2d) -> nn.Conv2d:
    with torch.no_grad():
        layer.weight.zero_()
        assert layer.bias is not None
        layer.bias.zero_()
    return layer


class Enhancement(nn.Module):
    """Prompt and decoded low-frequency stream to `Control`. All outputs to the prior's features start at zero."""

    def __init__(self, cfg: CompressorConfig, prior: PriorConfig) -> None:
        super().__init__()
        self.cfg = cfg
        widths = (prior.fine, prior.coarse, prior.deep)
        self.fine = nn.Sequential(conv3(cfg.fine + 32 + packets.CHANNELS, prior.fine), ResBlock(prior.fine))
        self.coarse = nn.Conv2d(cfg.coarse, prior.coarse, 1)
        self.down = nn.ModuleList(conv3(a, b, 2) for a, b in zip(widths, widths[1:]))
        self.maps = nn.ModuleList(_zero(nn.Conv2d(c, c, 1)) for c in widths)
        self.low = nn.Sequential(conv3(cfg.lf, 64), nn.ReLU(), conv3(64, 64), nn.ReLU())
        self.low_maps = nn.ModuleList(_zero(nn.Conv2d(64, 2 * c, 1)) for c in widths)
        self.tokens = nn.Linear(cfg.token_dim, prior.deep)
        self.token_places = nn.Parameter(torch.randn(cfg.tokens, prior.deep) * 0.02)
        self.quality = Embedding(prior.cond, 0, 1)
        self.semantics = nn.Linear(cfg.tokens * cfg.token_dim, prior.cond)
        self.precision = nn.Linear(prior.cond, 32)
        with torch.no_grad():
            self.semantics.weight.mul_(0.1)
            self.precision.weight.zero_()
            self.precision.bias.fill_(0.5)

    def forward(self, c: Coded, prompt: Prompt, q: torch.Tensor) -> Control:
        fine = self.fine(torch.cat([prompt.fine, prompt.latent, prompt.packets], 1))
        coarse = self.down[0](fine) + self.coarse(prompt.coarse)
        deep = self.down[1](coarse)
        low = self.low(c.lf)
        maps, scales = [], []
        for level, f in enumerate((F.relu(fine), F.relu(coarse), F.relu(deep))):
            modulation = self.low_maps[level](low)
            if level < 2:
                modulation = F.interpolate(modulation, scale_factor=4 >> level, mode="bilinear")
            scale, shift = modulation.chunk(2, 1)
            maps.append(self.maps[level](f) + shift)
            scales.append(scale)
        tokens = self.tokens(c.tokens.reshape(-1, self.cfg.tokens, self.cfg.token_dim)) + self.token_places
        quality = self.quality(q)
        cond = quality + self.semantics(c.tokens)
        return Control(maps, scales, tokens, cond, prompt.latent, self.precision(F.silu(quality)).exp())
