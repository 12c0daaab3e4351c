"""Neural syntax: parts of the decoder generated for each picture from a few coded numbers (Wang et al., CVPR 2022).

Of the vector w, small networks without constants make (a) a 1x1 convolution at the end of the base synthesis, here of
rank RANK between learned projections, and (b) the gates of the fusion. Both are deltas from the plain decoder: their
generators are odd functions, so w = 0 is the plain decoder.
"""

from __future__ import annotations

import torch
from torch import nn

from intaglio.compressor.compressor import Coded, CompressorConfig, Synthesis

RANK = 32  # channels of the generated convolution
HIDDEN = 64


def generator(inputs: int, outputs: int) -> nn.Sequential:
    """An odd function of w, small before training but not zero: w and the last layer get no gradient from each other's zeros."""
    last = nn.Linear(HIDDEN, outputs, bias=False)
    nn.init.normal_(last.weight, std=0.05)
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
