"""What steers FaSDiff's prior: the visual prompt as control maps, and the low-frequency enhancement.

The paper's abstract says "hybrid low-frequency enhancement" that separates facial semantics and modulates the
diffusion steadily; ours (our choice): the low-frequency part, which the compressor keeps apart from all else, becomes
scale and shift maps at every level of the denoiser. Semantics are in it and in y by the recogniser's loss; tokens of
their own, predicted from pooled features, said nothing that was worth a bit (`docs/experiments.md`).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from intaglio.codecs.guidance import Guidance, zeroed
from intaglio.compressor.compressor import Coded, CompressorConfig, Prompt
from intaglio.networks.blocks import conv3
from intaglio.priors.unet import Control, PriorConfig


class Enhancement(Guidance):
    """Prompt and decoded low-frequency stream to `Control`. All outputs to the prior's features start at zero."""

    def __init__(self, cfg: CompressorConfig, prior: PriorConfig) -> None:
        super().__init__(cfg, prior)
        self.low = nn.Sequential(conv3(cfg.lf, 64), nn.ReLU(), conv3(64, 64), nn.ReLU())
        self.low_maps = nn.ModuleList(zeroed(nn.Conv2d(64, 2 * c, 1)) for c in self.widths)

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
        return Control(maps, scales, quality, prompt.latent, precision)
