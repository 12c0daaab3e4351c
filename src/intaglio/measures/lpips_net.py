"""Perceptual feature networks of the losses: VGG16 (LPIPS) and a face recogniser, from files that training is given.

Without files (the smoke recipe) the same networks have random weights: the plumbing runs, the figures mean nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import cast

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import nn

from intaglio.networks.layout import channels_last

# VGG16's convolutions by their index in torchvision's `features`, with channels; a pooling before each new stage.
STAGES = (((0, 3, 64), (2, 64, 64)), ((5, 64, 128), (7, 128, 128)), ((10, 128, 256), (12, 256, 256), (14, 256, 256)),
          ((17, 256, 512), (19, 512, 512), (21, 512, 512)), ((24, 512, 512), (26, 512, 512), (28, 512, 512)))  # fmt: skip
EPSILON = 1e-8


class LPIPS(nn.Module):
    """LPIPS v0.1 with VGG16 (Zhang et al. 2018): pictures (B, 3, H, W) in 0..1 to distances (B,).

    `stages` limits the depth (5 is the measure itself; fewer are cheaper losses).
    """

    mean: torch.Tensor
    deviation: torch.Tensor

    def __init__(self, folder: Path | None, stages: int = 5) -> None:
        super().__init__()
        self.convs = nn.ModuleList(nn.ModuleList(nn.Conv2d(i, o, 3, 1, 1) for _, i, o in s) for s in STAGES[:stages])
        self.heads = nn.ParameterList(torch.rand(1, s[-1][2], 1, 1) / s[-1][2] for s in STAGES[:stages])
        self.register_buffer("mean", torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1))
        self.register_buffer("deviation", torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1))
        if folder is not None:
            weights, heads = (
                load_file(folder / "vgg16_features.safetensors"),
                load_file(folder / "lpips_lin_v0_1.safetensors"),
            )
            for s, indices in enumerate(STAGES[:stages]):
                for i, (k, _, _) in enumerate(indices):
                    state = {kind: weights[f"features.{k}.{kind}"] for kind in ("weight", "bias")}
                    cast("nn.ModuleList", self.convs[s])[i].load_state_dict(state)
                self.heads[s].data.copy_(heads[f"vgg.lin{s}.model.1.weight"])
        channels_last(self).requires_grad_(False)

    def features(self, x: torch.Tensor) -> list[torch.Tensor]:
        """Unit-normalised features of each stage."""
        x, taps = ((x - self.mean) / self.deviation).contiguous(memory_format=torch.channels_last), []
        for s in range(len(self.convs)):
            if s:
                x = F.max_pool2d(x, 2)
            for conv in cast("nn.ModuleList", self.convs[s]):
                x = F.relu(conv(x), inplace=True)
            taps.append(x.float() * (x.float().square().sum(1, keepdim=True) + EPSILON).rsqrt())
        return taps

    def distance(self, a: list[torch.Tensor], b: list[torch.Tensor]) -> torch.Tensor:
        return torch.stack([((p - q).square() * w).sum(1).mean((1, 2)) for p, q, w in zip(a, b, self.heads)]).sum(0)

    def forward(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return self.distance(self.features(x), self.features(y))
