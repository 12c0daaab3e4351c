"""FaSDiff: face compression with a diffusion prior (arXiv 2505.05870), part by part.

    high-frequency-sensitive compressor      `Compressor`, its synthesis' features being the visual prompt
    hybrid low-frequency enhancement         `Enhancement`
    frozen diffusion prior                   `CompactPrior`

The paper's body is not public, so each choice is ours. Its abstract says "hybrid low-frequency enhancement" that separates
facial semantics and modulates the diffusion steadily: here the low-frequency part, which the compressor keeps apart from
all else, becomes scale and shift maps at every level of the denoiser. Semantics are in it and in y by the recogniser's
loss; tokens of their own, predicted from pooled features, said nothing that was worth a bit (docs/learned.md).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from intaglio.codecs.diffusion_codec import DiffusionCodec
from intaglio.codecs.guidance import Guidance, zeroed
from intaglio.compressor.compressor import Compressor
from intaglio.compressor.config import CompressorConfig
from intaglio.compressor.prompt import Prompt
from intaglio.entropy.learned.coded import Coded
from intaglio.networks.blocks import conv3
from intaglio.priors.prior import Control
from intaglio.priors.unet import CompactPrior, PriorConfig


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


class FaSDiff(DiffusionCodec):
    """Compressor, enhancement and prior. `trained`: with entropy models that can be trained."""

    tile = 256  # up to 2048 pixels a side, attention sees the whole face

    def __init__(self, compressor: CompressorConfig, prior: PriorConfig, *, trained: bool = False) -> None:
        # Its analysis goes by the lean encoder's latents, a ninth of the reference encoder's work.
        super().__init__(Compressor(compressor, lean_encoder=True, trained=trained), CompactPrior(prior))
        self.enhancement = Enhancement(compressor, prior)

    def control(self, c: Coded, prompt: Prompt, q: torch.Tensor) -> Control:
        control: Control = self.enhancement(c, prompt, q)
        return control
