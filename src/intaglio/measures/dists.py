"""DISTS (Ding, Ma, Wang and Simoncelli 2020) at the picture's own size: what tolerates another texture of the same kind.

Weights: vgg16_features.safetensors (torchvision's convolutions) and dists_alpha_beta.safetensors (of DISTS-pytorch).
"""

from __future__ import annotations

from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from intaglio.measures.feature_files import convolutions, load
from intaglio.measures.features import Normalise, to_tensor
from intaglio.measures.measure import Rgb
from intaglio.measures.vgg16 import FILE, STAGES

EPSILON = 1e-6  # of both terms, as in the paper
# DISTS pools by root mean square under this window: max pooling, VGG16's own, would alias.
TAPS = torch.tensor([0.25, 0.5, 0.25])


def pool(x: Tensor) -> Tensor:
    """(B, C, H, W) to half of each side, rounded up."""
    window = torch.outer(TAPS, TAPS).expand(x.shape[1], 1, 3, 3)
    return (F.conv2d(x.square(), window, stride=2, padding=1, groups=x.shape[1]) + 1e-12).sqrt()


class Dists:
    name = "dists"
    title = "DISTS"
    lower = True
    note = "shares VGG16 with the losses"

    def __init__(self, folder: Path | None) -> None:
        self.convolutions = convolutions(FILE, folder)
        self.normalise = Normalise()
        shares = load("dists_alpha_beta.safetensors", folder)
        sizes = [3, *(stage[-1][2] for stage in STAGES)]
        total = shares["alpha"].sum() + shares["beta"].sum()
        # Per stage, how much each channel's mean (alpha) and structure (beta) count.
        self.alpha, self.beta = (
            [part.flatten() for part in (shares[key] / total).split(sizes, dim=1)] for key in ("alpha", "beta")
        )

    @torch.no_grad()
    def describe(self, rgb: Rgb) -> list[Tensor]:
        """The picture and the five stages after it, each (1, C, H, W)."""
        picture = to_tensor(rgb)
        x, features = self.normalise(picture), [picture]
        for i, stage in enumerate(STAGES):
            x = pool(x) if i else x
            for index, _, _ in stage:
                x = F.relu(F.conv2d(x, *self.convolutions[index], padding=1))
            features.append(x)
        return features

    @torch.no_grad()
    def compare(self, original: list[Tensor], decoded: list[Tensor]) -> float:
        likeness = torch.zeros(())
        for x, y, alpha, beta in zip(original, decoded, self.alpha, self.beta):
            x, y = x.flatten(2)[0], y.flatten(2)[0]  # (C, places)
            mx, my = x.mean(1), y.mean(1)
            dx, dy = x - mx[:, None], y - my[:, None]
            vx, vy, covariance = dx.square().mean(1), dy.square().mean(1), (dx * dy).mean(1)
            likeness += (alpha * (2 * mx * my + EPSILON) / (mx.square() + my.square() + EPSILON)).sum()
            likeness += (beta * (2 * covariance + EPSILON) / (vx + vy + EPSILON)).sum()
        return 1 - float(likeness)
