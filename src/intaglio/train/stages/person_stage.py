"""Stage `person`: the sight's recogniser learns the vectors of the losses' recogniser, and its gradients.

    aligned crops, blurred, noisy, mixed or as they are -> both networks -> 1 - cosine of the vectors
    a crop and the same drawn by a codec                -> both networks -> distances, and their gradients in the drawn one

Vectors come first: gradients of a network that knows nobody are noise. With `slopes` they are taught too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F

from intaglio.faces.recogniser import RecogniserNet, align, five_points, readable
from intaglio.measures.sight import Person
from intaglio.train.batches import Crops
from intaglio.train.chain import Chain
from intaglio.train.resources import Resources
from intaglio.train.stages.look_stage import draw
from intaglio.train.stages.stage import Judgement, Losses, StageConfig
from intaglio.train.validation import sheet

DRAWN = 4  # faces of a batch that a codec draws
PAIRS, APART, SLOPE, LENGTH = (
    0.5,
    1.0,
    0.5,
    0.02,
)  # weights of vectors of pairs, their distances, slopes and these' lengths


@dataclass(frozen=True, kw_only=True)
class PersonStageConfig(StageConfig):
    """What is said of stage `person`."""

    start: Person
    slopes: bool = False

    def part(self, chain: Chain) -> Person:
        return self.start

    def build(self, chain: Chain, resources: Resources) -> PersonStage:
        return PersonStage(self, chain, resources)


class PersonStage:
    """Trains a `Person` on whole pictures with one face."""

    name = "person"

    def __init__(self, config: PersonStageConfig, chain: Chain, resources: Resources) -> None:
        self.chain = chain.eval().requires_grad_(False)
        self.model = config.part(chain)
        self.source, self.teacher = config.source(resources), resources.recogniser.net
        self.slopes, self.validation = config.slopes, resources.validation

    def sample(self, rng: np.random.Generator) -> Crops:
        batch = self.source(rng)
        rows = readable(batch.landmarks, batch.x.shape[3], len(batch))
        while not len(rows):
            batch = self.source(rng)
            rows = readable(batch.landmarks, batch.x.shape[3], len(batch))
        return Crops(
            batch.x[rows], batch.z[rows], batch.q[rows], batch.landmarks[rows], batch.people[rows], batch.whole
        )

    def loss(self, batch: Crops) -> Losses:
        points = five_points(batch.landmarks)
        crops = align(batch.x, points)
        few = Crops(
            batch.x[:DRAWN], batch.z[:DRAWN], batch.q[:DRAWN], batch.landmarks[:DRAWN], batch.people, batch.whole
        )
        a, b = crops[:DRAWN], align(draw(self.chain, few), points[:DRAWN])
        altered = alter(crops)
        with torch.no_grad():
            wanted = self.teacher(altered)
        loss = (1 - (self.model(altered) * wanted).sum(1)).mean()
        figures = {"vectors": float(loss.detach())}
        if self.slopes:
            slope, length = self._slopes(a, b)
            loss = loss + SLOPE * (1 - slope).mean() + LENGTH * length.square().mean()
            figures["slopes"] = float(slope.detach().mean())
        with torch.no_grad():
            one, other = self.teacher(a), self.teacher(b)
        mine, theirs = self.model(a), self.model(b)
        apart = (mine * theirs).sum(1) - (one * other).sum(1)
        pairs = (2 - (mine * one).sum(1) - (theirs * other).sum(1)).mean()
        return loss + PAIRS * pairs + APART * apart.abs().mean(), figures

    def validate(self, model: Person) -> Judgement:
        """On faces that the cache's landmarks know; the sheet shows how they are cut and drawn."""
        batch = self.sample(np.random.default_rng(0))
        points = five_points(batch.landmarks)
        a, b = align(batch.x, points), align(draw(self.chain, batch), points)
        with torch.no_grad():
            vectors = (model(b) * self.teacher(b)).sum(1)
        own, self.model = self.model, model
        slope, _ = self._slopes(a, b, train=False)
        self.model = own
        return {"vectors": float(vectors.mean()), "slopes": float(slope.mean())}, sheet([a, b])

    def _slopes(self, a: torch.Tensor, b: torch.Tensor, train: bool = True) -> tuple[torch.Tensor, torch.Tensor]:
        """Of the distances from a to b: cosine of both networks' gradients, mean over three sizes, and log ratio of lengths."""
        mine, theirs = _gradient(self.model, a, b, train), _gradient(self.teacher, a, b, False)
        sizes = [(F.avg_pool2d(mine, k).flatten(1), F.avg_pool2d(theirs, k).flatten(1)) for k in (1, 2, 4)]
        length = (mine.flatten(1).norm(dim=1) + 1e-9).log() - (theirs.flatten(1).norm(dim=1) + 1e-9).log()
        return torch.stack([F.cosine_similarity(m, t) for m, t in sizes]).mean(0), length


def _gradient(net: Person | RecogniserNet, a: torch.Tensor, b: torch.Tensor, train: bool) -> torch.Tensor:
    """Of 1 - cosine in b; with `train` it has a gradient itself."""
    leaf = b.detach().requires_grad_()
    with torch.enable_grad():
        distance = 1 - (net(a) * net(leaf.clone())).sum()
        (gradient,) = torch.autograd.grad(distance, leaf, create_graph=train)
    return gradient.float()


def alter(x: torch.Tensor) -> torch.Tensor:
    """Crops (B, 3, H, W) as a codec or a camera might spoil them, or mixed with each other: a teacher knows them all."""
    if torch.rand(()) < 0.5:
        x = x.flip(3)
    share = 0.5 * torch.rand(len(x), 1, 1, 1, device=x.device) * (torch.rand(()) < 0.35).float()
    x = x * (1 - share) + share * x.roll(1, 0)
    kind = int(torch.randint(5, ()))
    size = x.shape[2:]
    if kind == 0:
        small = F.interpolate(x, scale_factor=0.15 + 0.45 * float(torch.rand(())), mode="area")
        x = F.interpolate(small, size=size, mode="bicubic", align_corners=False)
    elif kind == 1:
        x = x + 0.08 * float(torch.rand(())) * torch.randn_like(x)
    elif kind == 2:
        coarse = torch.randn(len(x), 3, *torch.randint(7, 29, (2,)).tolist(), device=x.device)
        x = x + 0.12 * float(torch.rand(())) * F.interpolate(coarse, size=size, mode="bilinear")
    elif kind == 3:
        x = x * (1 + 0.1 * float(torch.randn(()))) + 0.04 * torch.randn(len(x), 3, 1, 1, device=x.device)
    return x.clamp(0, 1)
