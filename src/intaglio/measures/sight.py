"""Sight, what an encoder's search sees by: how far a picture looks from another, and who is pictured, with gradients.

    pictures      -> features at 1/2, 1/4, 1/8 and 1/16 -> weighted squared difference of unit lengths, as LPIPS has it
    aligned faces -> vectors of length 1                -> 1 - cosine

It is small enough to ship: both networks are the first rows of MobileNetV2 (Sandler et al. 2018), one tuned to the gradients of
LPIPS-VGG, the other to the vectors and gradients of the recogniser that training goes by. Whoever has these can search by them.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from intaglio.faces.bottleneck import Bottleneck
from intaglio.faces.recogniser import SIDE, FaceRecogniser, RecogniserNet
from intaglio.measures.features import Normalise, unit_length
from intaglio.measures.lpips import LPIPS
from intaglio.measures.mobilenet import PLAN
from intaglio.networks.layout import frozen
from intaglio.weights.tensors import FOLDER, fill, read

FILE = FOLDER / "sight.safetensors"
MODEL = "intaglio-sight"  # what the weights' metadata must say
LOOK = PLAN[:4]
PERSON = (*PLAN[:2], (6, 32, 3, 1), *PLAN[3:5])  # a crop ends in 14x14 places
HIDDEN, VECTOR = 192, 512


class Trunk(nn.Module):
    """Rows of MobileNetV2's plan, as `measures.mobilenet` has them."""

    def __init__(self, plan: Sequence[tuple[int, int, int, int]]) -> None:
        super().__init__()
        self.normalise = Normalise()
        self.stem = nn.Conv2d(3, 32, 3, 2, 1)
        self.stages, i = nn.ModuleList(), 32
        for widening, o, count, stride in plan:
            shapes = [(i, stride), *((o, 1),) * (count - 1)]
            blocks = [Bottleneck(c, o, by, widening, lambda _: nn.ReLU6()) for c, by in shapes]
            self.stages.append(nn.Sequential(*blocks))
            i = o

    def rows(self, x: Tensor) -> list[Tensor]:
        """What pictures (B, 3, H, W) in 0..1 are behind each row."""
        x, out = F.relu6(self.stem(self.normalise(x))), list[Tensor]()
        for stage in self.stages:
            x = stage(x)
            out.append(x)
        return out


class Look(Trunk):
    """A distance of pictures about as large as LPIPS-VGG's; one of features, so that an original's are made once."""

    def __init__(self) -> None:
        super().__init__(LOOK)
        self.heads = nn.ParameterList(
            nn.Parameter(torch.zeros(1, row[1], 1, 1)) for row in LOOK
        )  # logarithms of weights

    def features(self, x: Tensor) -> list[Tensor]:
        """Unit-length features at 1/2, 1/4, 1/8 and 1/16."""
        return [unit_length(row) for row in self.rows(x)]

    def distance(self, a: list[Tensor], b: list[Tensor]) -> Tensor:
        """Of features, (B,)."""
        stages = [((p - q).square() * w.exp()).sum(1).mean((1, 2)) for p, q, w in zip(a, b, self.heads)]
        return torch.stack(stages).mean(0)


class Person(Trunk):
    """Aligned crops (B, 3, 112, 112), RGB in 0..1, to unit vectors (B, 512): each place has weights of its own, as faces have."""

    def __init__(self) -> None:
        super().__init__(PERSON)
        self.widen = nn.Conv2d(PERSON[-1][1], HIDDEN, 1)
        self.act = nn.PReLU(HIDDEN)
        self.pool = nn.Conv2d(HIDDEN, HIDDEN, SIDE // 8, groups=HIDDEN)
        self.vector = nn.Linear(HIDDEN, VECTOR)

    def forward(self, x: Tensor) -> Tensor:
        hidden = self.pool(self.act(self.widen(self.rows(x)[-1])))
        return F.normalize(self.vector(hidden.flatten(1)).float(), dim=1)


class Sight(nn.Module):
    """Both."""

    def __init__(self, look: Look | LPIPS, person: Person | RecogniserNet) -> None:
        super().__init__()
        self.look, self.person = look, person

    @classmethod
    def packaged(cls, path: Path = FILE) -> Sight:
        """The package's own. Raises WeightsError."""
        with torch.device("meta"):
            look, person = Look(), Person()
        look.normalise, person.normalise = Normalise(), Normalise()  # constants, which no file has
        return frozen(fill(cls(look, person), read(path, MODEL)))

    @classmethod
    def of_losses(cls, folder: Path | None) -> Sight:
        """LPIPS-VGG and the recogniser; without a folder their weights are random. Raises as these do."""
        return frozen(cls(LPIPS(folder), FaceRecogniser(folder).net))
