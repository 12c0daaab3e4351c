"""Sight, what an encoder's search sees by: how far a picture looks from another, and who is pictured, with gradients.

    pictures      -> features at 1/2, 1/4, 1/8 and 1/16 -> weighted squared difference of unit lengths, as LPIPS has it
    aligned faces -> vectors of length 1                -> 1 - cosine

It is small enough to ship: MobileNetV2 (Sandler et al. 2018) as far as 1/16, tuned to LPIPS-VGG's gradients, and a thinner
recogniser, fitted to the one that training goes by. Whoever has the real networks can search by them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from intaglio.faces.bottleneck import Bottleneck
from intaglio.faces.recogniser import FaceRecogniser, RecogniserNet
from intaglio.measures.features import Normalise, unit_length
from intaglio.measures.lpips import LPIPS
from intaglio.measures.mobilenet import PLAN
from intaglio.networks.layout import frozen
from intaglio.weights.tensors import FOLDER, fill, read

FILE = FOLDER / "sight.safetensors"
MODEL = "intaglio-sight"  # what the weights' metadata must say
DEPTH = 4  # rows of MobileNetV2's plan: up to 1/16
SHARE, HEAD, VECTOR = 0.75, 384, 128  # of the recogniser


class PictureDistance(Protocol):
    """A distance of pictures that is one of features, so that those of an original are made once."""

    def features(self, x: Tensor) -> list[Tensor]:
        """Of pictures (B, 3, H, W) in 0..1."""

    def distance(self, a: list[Tensor], b: list[Tensor]) -> Tensor:
        """Of features, (B,)."""


class Look(nn.Module):
    """A `PictureDistance` about as large as LPIPS-VGG."""

    def __init__(self) -> None:
        super().__init__()
        self.normalise = Normalise()
        self.stem = nn.Conv2d(3, 32, 3, 2, 1)
        self.stages, i = nn.ModuleList(), 32
        for widening, o, count, stride in PLAN[:DEPTH]:
            shapes = [(i, stride), *((o, 1),) * (count - 1)]
            blocks = [Bottleneck(c, o, by, widening, lambda _: nn.ReLU6()) for c, by in shapes]
            self.stages.append(nn.Sequential(*blocks))
            i = o
        self.heads = nn.ParameterList(nn.Parameter(torch.zeros(1, row[1], 1, 1)) for row in PLAN[:DEPTH])  # logarithms

    def features(self, x: Tensor) -> list[Tensor]:
        """Unit-length features at 1/2, 1/4, 1/8 and 1/16."""
        x, taps = F.relu6(self.stem(self.normalise(x))), []
        for stage in self.stages:
            x = stage(x)
            taps.append(unit_length(x))
        return taps

    def distance(self, a: list[Tensor], b: list[Tensor]) -> Tensor:
        stages = [((p - q).square() * w.exp()).sum(1).mean((1, 2)) for p, q, w in zip(a, b, self.heads)]
        return torch.stack(stages).mean(0)


class SightNet(nn.Module):
    """What the file of weights holds."""

    def __init__(self) -> None:
        super().__init__()
        self.look, self.person = Look(), RecogniserNet(SHARE, HEAD, VECTOR)


@dataclass(frozen=True)
class Sight:
    """Two networks, frozen: gradients pass to pictures alone."""

    picture: PictureDistance
    person: Callable[[Tensor], Tensor]  # aligned crops (B, 3, 112, 112), RGB in 0..1, to unit vectors (B, n)

    @classmethod
    def packaged(cls, path: Path = FILE) -> Sight:
        """The package's own. Raises WeightsError."""
        with torch.device("meta"):
            net = SightNet()
        net.look.normalise = Normalise()
        net = frozen(fill(net, read(path, MODEL)))
        return cls(net.look, net.person)

    @classmethod
    def of_losses(cls, folder: Path | None) -> Sight:
        """LPIPS-VGG and the recogniser; without a folder their weights are random. Raises as these do."""
        return cls(LPIPS(folder).eval(), FaceRecogniser(folder).net)
