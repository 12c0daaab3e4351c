"""LPIPS v0.1 with AlexNet (Zhang et al. 2018), the variant that papers on compression report.

Weights: alexnet_features.safetensors (torchvision's convolutions) and lpips_lin_v0_1.safetensors (of the package lpips).
"""

from __future__ import annotations

from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from intaglio.measures.feature_files import convolutions, load
from intaglio.measures.features import Normalise, to_tensor, unit_length
from intaglio.measures.measure import Rgb

# AlexNet's convolutions by their index in torchvision's `features`: stride, padding, and whether a pooling goes before.
LAYERS = {0: (4, 2, False), 3: (1, 2, True), 6: (1, 1, True), 8: (1, 1, False), 10: (1, 1, False)}
SMALLEST = 31  # pixels a side: below, nothing is left of the picture before the last pooling


class LpipsAlex:
    name = "lpips"
    title = "LPIPS (AlexNet)"
    lower = True
    note = ""

    def __init__(self, folder: Path | None) -> None:
        self.convolutions = convolutions("alexnet_features.safetensors", folder)
        self.normalise = Normalise()
        heads = load("lpips_lin_v0_1.safetensors", folder)
        self.heads = [heads[f"alex.lin{i}.model.1.weight"] for i in range(len(LAYERS))]

    @torch.no_grad()
    def describe(self, rgb: Rgb) -> list[Tensor]:
        """Features after each layer, of unit length at each place; none for a picture too small for the network."""
        if min(rgb.shape[:2]) < SMALLEST:
            return []
        x, features = self.normalise(to_tensor(rgb)), []
        for i, (stride, padding, pooled) in LAYERS.items():
            if pooled:
                x = F.max_pool2d(x, 3, 2)
            x = F.relu(F.conv2d(x, *self.convolutions[i], stride=stride, padding=padding))
            features.append(unit_length(x))
        return features

    @torch.no_grad()
    def compare(self, original: list[Tensor], decoded: list[Tensor]) -> float | None:
        """None for a picture of under 31 pixels a side."""
        if not original:
            return None
        layers = zip(original, decoded, self.heads)
        return float(sum(((a - b).square() * head).sum(1).mean() for a, b, head in layers))
