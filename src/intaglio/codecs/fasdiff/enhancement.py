"""What steers FaSDiff's prior: the visual prompt as control maps, and the low-frequency enhancement.

The paper's abstract says "hybrid low-frequency enhancement" that separates facial semantics and modulates the
diffusion steadily; ours (our choice): the spatial low-frequency part becomes scale and shift maps at every level of
the denoiser, the semantic tokens become attention tokens and part of the condition vector.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from intaglio.codecs.common.compressor import Coded, CompressorConfig, Prompt, Synthesis
from intaglio.codecs.common.guidance import Guidance, zeroed
from intaglio.nets.blocks import conv3
from intaglio.prior.compact import Control, PriorConfig

TOKENS = 4  # semantic tokens that the vector is cut into


class TokenSynthesis(Synthesis):
    """FaSDiff's synthesis: the semantic tokens add to the condition of every block."""

    def __init__(self, cfg: CompressorConfig) -> None:
        super().__init__(cfg)
        self.tokens = nn.Linear(cfg.vector, cfg.cond)

    def condition(self, c: Coded, q: torch.Tensor) -> torch.Tensor:
        return super().condition(c, q) + self.tokens(c.vector[:, :, 0, 0])


class Enhancement(Guidance):
    """Prompt and decoded low-frequency stream to `Control`. All outputs to the prior's features start at zero."""

    def __init__(self, cfg: CompressorConfig, prior: PriorConfig) -> None:
        super().__init__(cfg, prior)
        self.low = nn.Sequential(conv3(cfg.lf, 64), nn.ReLU(), conv3(64, 64), nn.ReLU())
        self.low_maps = nn.ModuleList(zeroed(nn.Conv2d(64, 2 * c, 1)) for c in self.widths)
        self.tokens = nn.Linear(cfg.vector // TOKENS, prior.deep)
        self.token_places = nn.Parameter(torch.randn(TOKENS, prior.deep) * 0.02)
        self.semantics = nn.Linear(cfg.vector, prior.cond)
        with torch.no_grad():
            self.semantics.weight.mul_(0.1)

    def forward(self, c: Coded, prompt: Prompt, q: torch.Tensor) -> Control:
        maps, quality, precision = self.guide(prompt, q)
        low, scales = self.low(c.lf), []
        for level, modulate in enumerate(self.low_maps):
            modulation = modulate(low)
            if level < 2:
                modulation = F.interpolate(modulation, scale_factor=4 >> level, mode="bilinear")
            scale, shift = modulation.chunk(2, 1)
            maps[level] = maps[level] + shift
            scales.append(scale)
        vector = c.vector[:, :, 0, 0]
        tokens = self.tokens(vector.reshape(len(vector), TOKENS, -1)) + self.token_places
        return Control(maps, scales, tokens, quality + self.semantics(vector), prompt.latent, precision)
