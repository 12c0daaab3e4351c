"""Pictures as feature networks take them, features as distances take them."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from intaglio.measures.measure import Rgb

# Means and deviations of ImageNet's pictures in 0..1: what VGG16, AlexNet and MobileNetV2 were trained with.
MEAN = (0.485, 0.456, 0.406)
DEVIATION = (0.229, 0.224, 0.225)
EPSILON = 1e-8


def to_tensor(rgb: Rgb) -> Tensor:
    """(H, W, 3) in 0..255 to (1, 3, H, W) in 0..1."""
    return torch.from_numpy(np.array(rgb)).permute(2, 0, 1)[None].float() / 255


class Normalise(nn.Module):
    """Pictures (B, 3, H, W) in 0..1 to ImageNet's mean 0 and deviation 1, channels last."""

    mean: Tensor
    deviation: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(MEAN).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("deviation", torch.tensor(DEVIATION).view(1, 3, 1, 1), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        return ((x - self.mean) / self.deviation).contiguous(memory_format=torch.channels_last)


def unit_length(x: Tensor) -> Tensor:
    """Features (B, C, H, W) in float32, scaled to length 1 over the channels at every position."""
    x = x.float()
    return x * (x.square().sum(1, keepdim=True) + EPSILON).rsqrt()
