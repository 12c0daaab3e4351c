"""The block of MobileNetV2 and of the small face networks: an inverted residual without normalisation (Sandler et al. 2018)."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn


class Bottleneck(nn.Module):
    """1x1 widening, 3x3 depthwise, 1x1 narrowing without activation; added to its input where the shapes allow it.

    Maps (B, i, H, W) to (B, o, H / stride, W / stride); `activation` is made for a number of channels. A widening of 1 is none.
    """

    def __init__(self, i: int, o: int, stride: int, widening: int, activation: Callable[[int], nn.Module]) -> None:
        super().__init__()
        c = i * widening
        widen = [nn.Conv2d(i, c, 1), activation(c)] if widening > 1 else []
        self.conv = nn.Sequential(*widen, nn.Conv2d(c, c, 3, stride, 1, groups=c), activation(c), nn.Conv2d(c, o, 1))
        self.residual = stride == 1 and i == o

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.conv(x)
        return x + y if self.residual else y
