"""Gain vectors: one model for all rates (Cui et al., 2003.02012).

A channel's gain is the number of quantisation steps a unit of it is divided into. Knots over quality are learned
as increments that cannot be negative, so a higher quality never quantises more coarsely; between knots the gain is
interpolated geometrically.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import nn

KNOTS = 9


class Gain(nn.Module):
    """log-gains over quality for c channels: `forward(q (B,)) -> (B, c)` natural logarithms of the gain."""

    def __init__(self, c: int, low: float, high: float) -> None:
        super().__init__()
        step = math.log(high / low) / (KNOTS - 1)
        self.base = nn.Parameter(torch.full((c,), math.log(low)))
        self.rise = nn.Parameter(torch.full((KNOTS - 1, c), math.log(math.expm1(step))))

    def forward(self, q: torch.Tensor) -> torch.Tensor:
        knots = torch.cat([self.base[None], self.base + F.softplus(self.rise).cumsum(0)])
        t = q.float().clamp(0, 1) * (KNOTS - 1)
        k = t.floor().clamp(max=KNOTS - 2).long()
        return torch.lerp(knots[k], knots[k + 1], (t - k)[:, None])
