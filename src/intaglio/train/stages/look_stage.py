"""Stage `look`: the sight's distance of pictures learns the gradients of LPIPS-VGG.

A search needs no more of a distance than its slope. A student that was taught distances agreed with them, and its slopes were
noise (docs/decisions/0010-effort.md). So what is compared is the gradient in what a codec draws, band by band, each band as
heavy as it is moved by what a search can move.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F

from intaglio.measures.sight import Look
from intaglio.networks import packets
from intaglio.train.batches import Crops
from intaglio.train.chain import Chain
from intaglio.train.resources import Perceptual, Resources
from intaglio.train.stages.drawing import encode
from intaglio.train.stages.stage import Judgement, Losses, StageConfig
from intaglio.train.validation import sheet

LOOKED_AT, NUDGE = 4, 0.5  # pictures by which bands are weighed, units of y by which it is moved for it
LENGTHS, DISTANCES = 0.05, 0.05  # weights, beside the slopes' directions, of how long they are and of the distances


@dataclass(frozen=True, kw_only=True)
class LookStageConfig(StageConfig):
    """What is said of stage `look`."""

    start: Look

    def part(self, chain: Chain) -> Look:
        return self.start

    def build(self, chain: Chain, resources: Resources) -> LookStage:
        return LookStage(self, chain, resources)


class LookStage:
    """Trains a `Look` on pictures as a codec draws them, at every quality."""

    name = "look"

    def __init__(self, config: LookStageConfig, chain: Chain, resources: Resources) -> None:
        self.chain = chain.eval().requires_grad_(False)
        self.model = config.part(chain)
        self.source, self.teacher, self.validation = config.source(resources), resources.lpips, resources.validation
        self.bands = moved(self.chain, self._validated(LOOKED_AT))

    def sample(self, rng: np.random.Generator) -> Crops:
        return self.source(rng)

    def loss(self, batch: Crops) -> Losses:
        drawn = draw(self.chain, batch)
        x, y = batch.judged(batch.x), batch.judged(drawn)
        slopes, lengths, distances = self._compared(self.model, x, y, train=True)
        loss = (1 - slopes).mean() + LENGTHS * lengths.square().mean() + DISTANCES * distances.square().mean()
        return loss, {"slopes": float(slopes.detach().mean()), "lengths": float(lengths.detach().mean())}

    def validate(self, model: Look) -> Judgement:
        batch = self._validated(len(self.validation.x))
        drawn = draw(self.chain, batch)
        slopes, _, distances = self._compared(model, batch.x, drawn, train=False)
        figures = {"slopes": float(slopes.detach().mean()), "spread": float(distances.detach().std())}
        return figures, sheet([batch.x[::2], drawn[::2]])

    def _validated(self, count: int) -> Crops:
        """Validation pictures over the qualities that bytes are few at."""
        x, z = self.validation.x[:count], self.validation.z[:count]
        nowhere = torch.full((len(x), 1, 1), torch.nan)
        return Crops(x, z, torch.linspace(0.15, 0.6, len(x), device=x.device), nowhere, nowhere, whole=True)

    def _compared(
        self, model: Look, x: torch.Tensor, y: torch.Tensor, train: bool
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Of the distances from x to y, to model and teacher, (B,) each: cosine of slopes, log ratios of lengths, of themselves."""
        distance, mine = slope(model, x, y, train)
        wanted, theirs = slope(self.teacher, x, y, False)
        a, b = ((packets.analyse(gradient.float()) * self.bands).flatten(1) for gradient in (mine, theirs))
        lengths = (a.norm(dim=1) + 1e-9).log() - (b.norm(dim=1) + 1e-9).log()
        distances = (distance.float() + 1e-6).log() - (wanted.detach().float() + 1e-6).log()
        return F.cosine_similarity(a, b), lengths, distances


@torch.no_grad()
def draw(chain: Chain, batch: Crops, nudge: float = 0.0) -> torch.Tensor:
    """The batch's pictures (B, 3, H, W) in 0..1 as one step draws them; with y moved by up to so much."""
    coded, prompt, _ = encode(chain, batch.x, batch.z, batch.q)
    if nudge:
        coded.y = coded.y + nudge * (torch.rand_like(coded.y) - 0.5)
        prompt = chain.codec.compressor.synthesis(coded, batch.q)
    drawn = chain.codec.draw(chain.codec.control(coded, prompt, batch.q), batch.q, 1, torch.zeros_like(batch.z))
    return chain.codec.hold(chain.decoder(drawn.float()).float(), prompt).clamp(0, 1)


def moved(chain: Chain, batch: Crops) -> torch.Tensor:
    """Root mean squares (1, 192, 1, 1), in the mean 1, of what small changes of y do to packets of what is drawn."""
    change = packets.analyse(draw(chain, batch, NUDGE) - draw(chain, batch))
    bands = change.square().mean((0, 2, 3), keepdim=True).sqrt()
    return bands / bands.mean()


def slope(net: Look | Perceptual, x: torch.Tensor, y: torch.Tensor, graph: bool) -> tuple[torch.Tensor, torch.Tensor]:
    """(Distances (B,) of y from x, their gradients in y); with a `graph` these have gradients themselves."""
    leaf = y.detach().requires_grad_()
    with torch.enable_grad():
        distance = net.distance(net.features(leaf.clone()), net.features(x))  # the meter's hooks bear no leaves
        (gradient,) = torch.autograd.grad(distance.sum(), leaf, create_graph=graph)
    return distance, gradient
