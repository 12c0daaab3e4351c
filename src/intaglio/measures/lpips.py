"""LPIPS v0.1 with VGG16 (Zhang et al. 2018): a loss of training, and a measure that says how training went.

As a measure it does not say how good a picture is, for the codecs were trained on it; `lpips_alex` does. Weights:
vgg16_features.safetensors (torchvision's convolutions) and lpips_lin_v0_1.safetensors (of the package lpips). Without a
folder of them the network's weights are random: the plumbing of training runs, the figures mean nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from intaglio.measures.feature_files import folder_of, load
from intaglio.measures.features import Normalise, to_tensor, unit_length
from intaglio.measures.measure import Rgb
from intaglio.measures.vgg16 import FILE, STAGES
from intaglio.networks.layout import channels_last

HEADS = "lpips_lin_v0_1.safetensors"
SMALLEST = 16  # pixels a side: four poolings


class LPIPS(nn.Module):
    """Pictures (B, 3, H, W) in 0..1 to distances (B,), with gradients to the pictures.

    Args:
        folder: holds the weights; None: random ones.

    Raises:
        Unavailable: a file of weights is not in the folder.
    """

    def __init__(self, folder: Path | None) -> None:
        super().__init__()
        self.normalise = Normalise()
        self.convs = nn.ModuleList(nn.ModuleList(nn.Conv2d(i, o, 3, 1, 1) for _, i, o in stage) for stage in STAGES)
        self.heads = nn.ParameterList(torch.rand(1, stage[-1][2], 1, 1) / stage[-1][2] for stage in STAGES)
        if folder is not None:
            weights, heads = load(FILE, folder), load(HEADS, folder)
            for s, stage in enumerate(STAGES):
                for conv, (k, _, _) in zip(self._stage(s), stage):
                    conv.load_state_dict({kind: weights[f"features.{k}.{kind}"] for kind in ("weight", "bias")})
                self.heads[s].data.copy_(heads[f"vgg.lin{s}.model.1.weight"])
        channels_last(self).requires_grad_(False)

    def _stage(self, s: int) -> nn.ModuleList:
        return cast("nn.ModuleList", self.convs[s])

    def features(self, x: Tensor) -> list[Tensor]:
        """Unit-length features after each of the five stages, (B, C, H / 2**s, W / 2**s)."""
        x, taps = self.normalise(x), []
        for s in range(len(self.convs)):
            if s:
                x = F.max_pool2d(x, 2)
            for conv in self._stage(s):
                x = F.relu(conv(x), inplace=True)
            taps.append(unit_length(x))
        return taps

    def distance(self, a: list[Tensor], b: list[Tensor]) -> Tensor:
        """Of features, (B,)."""
        return torch.stack([((p - q).square() * w).sum(1).mean((1, 2)) for p, q, w in zip(a, b, self.heads)]).sum(0)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return self.distance(self.features(x), self.features(y))


class LpipsVgg:
    """The loss as a measure of the bench."""

    name = "lpips_vgg"
    title = "LPIPS (VGG16)"
    lower = True
    note = "the codec was trained on it"

    def __init__(self, folder: Path | None) -> None:
        self.network = LPIPS(folder_of(folder)).eval()

    @torch.no_grad()
    def describe(self, rgb: Rgb) -> list[Tensor]:
        """Features of each stage; none for a picture too small for the network."""
        return self.network.features(to_tensor(rgb)) if min(rgb.shape[:2]) >= SMALLEST else []

    @torch.no_grad()
    def compare(self, original: list[Tensor], decoded: list[Tensor]) -> float | None:
        """None for a picture of under 16 pixels a side."""
        return float(self.network.distance(original, decoded)) if original else None
