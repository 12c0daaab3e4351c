"""LPIPS v0.1 with VGG16 (Zhang et al. 2018): a loss of training, so it says how training went, not how good a picture is.

Weights: vgg16_features.safetensors (torchvision's convolutions) and lpips_lin_v0_1.safetensors (of the package lpips).
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from intaglio.measures.feature_files import find
from intaglio.measures.lpips_net import LPIPS
from intaglio.measures.measure import Rgb
from intaglio.measures.picture_tensor import to_tensor

SMALLEST = 16  # pixels a side: four poolings


class LpipsVgg:
    name = "lpips_vgg"
    title = "LPIPS (VGG16)"
    lower = True
    note = "the codec was trained on it"

    def __init__(self, folder: Path | None) -> None:
        for name in ("vgg16_features.safetensors", "lpips_lin_v0_1.safetensors"):
            place = find(name, folder).parent
        self.network = LPIPS(place).eval()

    @torch.no_grad()
    def describe(self, rgb: Rgb) -> list[Tensor]:
        """Features of each stage; none for a picture too small for the network."""
        return self.network.features(to_tensor(rgb)) if min(rgb.shape[:2]) >= SMALLEST else []

    @torch.no_grad()
    def compare(self, original: list[Tensor], decoded: list[Tensor]) -> float | None:
        """None for a picture of under 16 pixels a side."""
        return float(self.network.distance(original, decoded)) if original else None
