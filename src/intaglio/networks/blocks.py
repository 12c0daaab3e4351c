"""Convolutional blocks. No norms over space: results do not depend on what lies outside the receptive field."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn


def conv3(i: int, o: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(i, o, 3, stride, 1)


class ResBlock(nn.Module):
    """x + conv(relu(conv(x))), the last convolution starting at a tenth: a near-identity, so that no norm is needed.

    With `cond` > 0 the hidden features are modulated by 1 + scale, shift from a condition vector (B, cond) (FiLM).
    """

    def __init__(self, c: int, cond: int = 0) -> None:
        super().__init__()
        self.conv1, self.conv2 = conv3(c, c), conv3(c, c)
        self.film = nn.Linear(cond, 2 * c) if cond else None
        with torch.no_grad():
            self.conv2.weight.mul_(0.1)
            assert self.conv2.bias is not None
            self.conv2.bias.zero_()
            if self.film is not None:
                self.film.weight.zero_()
                self.film.bias.zero_()

    def forward(self, x: torch.Tensor, cond: torch.Tensor | None = None) -> torch.Tensor:
        h = self.conv1(x)
        if self.film is not None and cond is not None:
            scale, shift = self.film(cond)[:, :, None, None].chunk(2, 1)
            h = torch.addcmul(shift, h, 1 + scale)
        return x + self.conv2(F.relu(h, inplace=True))


class Up(nn.Module):
    """(B, i, h, w) to (B, o, 2h, 2w): a convolution of `size` and a pixel shuffle."""

    def __init__(self, i: int, o: int, size: int = 3) -> None:
        super().__init__()
        self.conv = nn.Conv2d(i, 4 * o, size, padding=size // 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.pixel_shuffle(self.conv(x), 2)


class Embedding(nn.Module):
    """A scalar (B,) to a vector (B, dim): sines of eight octaves and the value itself, then a small MLP."""

    def __init__(self, dim: int, low: float, high: float) -> None:
        super().__init__()
        self.low, self.high = low, high
        self.mlp = nn.Sequential(nn.Linear(17, dim), nn.SiLU(), nn.Linear(dim, dim))

    def forward(self, v: torch.Tensor) -> torch.Tensor:
        u = ((v - self.low) / (self.high - self.low)).float()[:, None]
        angles = u * torch.pi * 2 ** torch.arange(8, device=u.device)
        out: torch.Tensor = self.mlp(
            torch.cat([2 * u - 1, angles.sin() / (1 + torch.arange(8, device=u.device)), angles.cos()], 1)
        )
        return out
