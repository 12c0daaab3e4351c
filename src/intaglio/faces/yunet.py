"""YuNet: a face detector of 75,000 weights, anchor-free, with five points a face (Wu, Peng, Yu 2023, the variant n).

    picture (B, 3, H, W), 0..255 -> stages at 1/2 .. 1/32 -> a pyramid of features at 1/8, 1/16, 1/32, the coarse
    added to the fine -> a head each: 16 numbers a cell (score, whether an object, box, points)

All normalisations are folded, the four heads of a level are one convolution, and the first layer takes RGB where the
source takes BGR (scripts/convert_yunet.py). The source's layers are 1x1 then depthwise 3x3, each a `Separable` here.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from intaglio.faces.yunet_levels import OUTPUTS, STRIDES

C = 64


class Separable(nn.Module):
    """1x1 across channels, then 3x3 within each: (B, i, H, W) to (B, o, H, W)."""

    def __init__(self, i: int, o: int, relu: bool = True) -> None:
        super().__init__()
        self.point = nn.Conv2d(i, o, 1)
        self.depth = nn.Conv2d(o, o, 3, padding=1, groups=o)
        self.relu = relu

    def forward(self, x: Tensor) -> Tensor:
        x = self.depth(self.point(x))
        return F.relu_(x) if self.relu else x


class YuNet(nn.Module):
    """Pictures (B, 3, H, W), RGB 0..255, sides multiples of 32, to cells of each stride (B, 16, H/s, W/s)."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 16, 3, 2, 1)
        self.stages = nn.ModuleList(
            nn.Sequential(*layers)
            for layers in (
                [Separable(16, 16)],  # 1/2
                [Separable(16, 16), Separable(16, C), Separable(C, C), Separable(C, C)],  # 1/4
                *([Separable(C, C), Separable(C, C)] for _ in STRIDES),
            )
        )
        self.laterals = nn.ModuleList(Separable(C, C) for _ in STRIDES)
        self.heads = nn.ModuleList(nn.Sequential(Separable(C, C), Separable(C, OUTPUTS, relu=False)) for _ in STRIDES)

    def forward(self, x: Tensor) -> list[Tensor]:
        x = F.relu_(self.stem(x))
        levels = []
        for k, stage in enumerate(self.stages):
            x = stage(F.max_pool2d(x, 2) if k else x)
            levels.append(x)
        x = self.laterals[2](levels[4])
        outputs = [self.heads[2](x)]
        for k in (1, 0):
            x = self.laterals[k](levels[2 + k] + F.interpolate(x, scale_factor=2.0, mode="nearest"))
            outputs.insert(0, self.heads[k](x))
        return outputs
