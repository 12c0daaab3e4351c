"""CGDM: perceptual compression of any picture (ACM MM 2024), part by part.

    end-to-end compressor                        `Compressor`, with `SyntaxSynthesis`
    neural syntax                                `generator`: parts of the decoder made for each picture from a vector w
    consistency-guided branch, SFF               `Fusion`
    bound on how far diffusion strays            `bounded`, on latents and on pictures
    globally uniform boundary control            `priors.patches`
    continuous online optimisation               `pipeline.refine`

The paper's body is not public, so each choice is ours. Neural syntax (Wang et al., CVPR 2022) makes (a) a 1x1 convolution at
the end of the base synthesis, here of rank RANK between learned projections, and (b) the gates of the fusion. Both are
deltas from the plain decoder: their generators are odd functions without constants, so w = 0 is the plain decoder.
"""

from __future__ import annotations

import torch
from torch import nn

from intaglio.codecs.bounded import BoundedCodec
from intaglio.codecs.guidance import Guidance
from intaglio.compressor.compressor import Compressor
from intaglio.compressor.config import CompressorConfig
from intaglio.compressor.prompt import Prompt
from intaglio.compressor.synthesis import Synthesis
from intaglio.entropy.learned.coded import Coded
from intaglio.priors.patches import TILE
from intaglio.priors.prior import Control
from intaglio.priors.unet import CompactPrior, PriorConfig

RANK = 32  # channels of the generated convolution
HIDDEN = 64
SPREAD = 0.087  # of a generator's last weights at first: a deviation of .05


def generator(inputs: int, outputs: int) -> nn.Sequential:
    """An odd function of w, small before training but not zero: w and the last layer get no gradient from each other's zeros."""
    last = nn.Linear(HIDDEN, outputs, bias=False)
    nn.init.uniform_(last.weight, -SPREAD, SPREAD)
    return nn.Sequential(nn.Linear(inputs, HIDDEN, bias=False), nn.Tanh(), last)


class SyntaxSynthesis(Synthesis):
    """CGDM's synthesis: the features that both heads see pass the picture's own 1x1 convolution."""

    def __init__(self, cfg: CompressorConfig) -> None:
        super().__init__(cfg)
        self.enter = nn.Conv2d(cfg.fine, RANK, 1, bias=False)
        self.own = generator(cfg.vector, RANK * RANK)
        self.leave = nn.Conv2d(RANK, cfg.fine, 1, bias=False)

    def finish(self, fine: torch.Tensor, c: Coded) -> torch.Tensor:
        kernel = self.own(c.vector[:, :, 0, 0]).view(-1, RANK, RANK)
        entered = self.enter(fine)
        mixed = torch.bmm(kernel.to(entered.dtype), entered.flatten(2)).view_as(entered)
        out: torch.Tensor = fine + self.leave(mixed)
        return out


class Fusion(Guidance):
    """Syntax-driven feature fusion (SFF): prompt and syntax to `Control`.

    The branch carries the base's features at every level. Per level and channel a gate a in 0..1 mixes

        2 * ((1 - a) * denoiser + a * branch),   a = sigmoid(own + delta(w))

    so that a = 1/2 adds the branch, a = 0 leaves the denoiser alone and a = 1 leaves the base alone; w = 0 gives every
    picture the same gates.
    """

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


class CGDM(BoundedCodec):
    """Compressor with neural syntax, fusion of the consistency-guided branch, and prior. `trained`: as FaSDiff's."""

    tile = TILE

    def __init__(self, compressor: CompressorConfig, prior: PriorConfig, *, trained: bool = False) -> None:
        # At high rates, lean latents cost pictures of any kind .02 in LPIPS-VGG (docs/learned.md).
        synthesis = SyntaxSynthesis(compressor)
        super().__init__(Compressor(compressor, synthesis, lean_encoder=False, trained=trained), CompactPrior(prior))
        self.fusion = Fusion(compressor, prior)

    def control(self, c: Coded, prompt: Prompt, q: torch.Tensor) -> Control:
        control: Control = self.fusion(c, prompt, q)
        return control
