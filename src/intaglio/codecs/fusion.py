"""Syntax-driven feature fusion (SFF): the consistency-guided branch and the denoiser, mixed under the picture's syntax.

The branch carries the base's features at every level. Per level and channel a gate a in 0..1 mixes

    2 * ((1 - a) * denoiser + a * branch),   a = sigmoid(own + delta(w))

so that a = 1/2 adds the branch, a = 0 leaves the denoiser alone and a = 1 leaves the base alone; w = 0 gives every
picture the same gates.
"""

from __future__ import annotations

import torch
from torch import nn

from intaglio.codecs.guidance import Guidance
from intaglio.codecs.syntax import generator
from intaglio.compressor.compressor import Coded, CompressorConfig, Prompt
from intaglio.priors.unet import Control, PriorConfig


class Fusion(Guidance):
    """Prompt and syntax to `Control`."""

    def __init__(self, cfg: CompressorConfig, prior: PriorConfig) -> None:
        super().__init__(cfg, prior)
        self.gates = nn.Parameter(torch.zeros(sum(self.widths)))
        self.delta = generator(cfg.vector, sum(self.widths))

    def forward(self, c: Coded, prompt: Prompt, q: torch.Tensor) -> Control:
        branch, quality, precision = self.guide(prompt, q)
        gates = torch.sigmoid(self.gates + self.delta(c.vector[:, :, 0, 0]))[:, :, None, None]
        levels = gates.split(self.widths, 1)
        maps = [2 * a * f for a, f in zip(levels, branch)]
        return Control(maps, [1 - 2 * a for a in levels], quality, prompt.latent, precision)
