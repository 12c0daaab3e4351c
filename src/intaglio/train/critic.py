"""An adversary on frozen features (Sauer et al. 2021, Projected GANs): small heads say where features look drawn.

    features of pictures (`MobileNet`) at 1/4 .. 1/32 -> 1x1, leaky ReLU, 1x1 -> a score at every position, high: real

Only the heads are trained, by a hinge; the gradient of what they think of drawn pictures reaches the pictures alone. So
both sides' losses are summed and one optimiser steps them all.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.func import functional_call

from intaglio.measures.mobilenet import PLAN, TAPS

HIDDEN = 64
QUICK = 20.0  # times as fast as all else, for it has to keep up with what is drawn from the first steps on
FIRST = 1  # tap: at 1/2 there is nothing to know but colour


class Quick(nn.Conv2d):
    """A 1x1 convolution that an optimiser of Adam's kind moves `QUICK` times as fast (Karras et al. 2018, equalised rates)."""

    def __init__(self, i: int, o: int) -> None:
        super().__init__(i, o, 1)
        with torch.no_grad():
            for parameter in self.parameters():
                parameter.div_(QUICK)

    def forward(self, x: Tensor) -> Tensor:
        assert self.bias is not None
        return F.conv2d(x, self.weight * QUICK, self.bias * QUICK)


class Critic(nn.Module):
    """Features (one tensor a tap) to scores (B, 1, h, w), one map for each tap but the first."""

    def __init__(self) -> None:
        super().__init__()
        widths = [PLAN[k][1] for k in TAPS[FIRST:]]
        self.heads = nn.ModuleList(nn.Sequential(Quick(c, HIDDEN), nn.LeakyReLU(0.2), Quick(HIDDEN, 1)) for c in widths)

    def forward(self, features: list[Tensor]) -> list[Tensor]:
        # Features are of unit length: c numbers of about 1 / sqrt(c).
        return [head(f * f.shape[1] ** 0.5).float() for head, f in zip(self.heads, features[FIRST:])]


def opinions(critic: Critic, drawn: list[Tensor], real: list[Tensor]) -> tuple[Tensor, Tensor]:
    """(what who draws has to lower, what the critic has to lower); the first has no gradient to the critic's weights."""
    fixed = {name: parameter.detach() for name, parameter in critic.named_parameters()}
    flattering: list[Tensor] = functional_call(critic, fixed, (drawn,))
    for_drawing = -torch.stack([score.mean() for score in flattering]).mean()
    false, true = critic([f.detach() for f in drawn]), critic([f.detach() for f in real])
    hinges = [F.relu(1 + f).mean() + F.relu(1 - t).mean() for f, t in zip(false, true)]
    return for_drawing, torch.stack(hinges).mean()
