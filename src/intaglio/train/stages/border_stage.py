"""Stage `border`: the lean decoder learns the outermost pixels of what is drawn, and leaves all else as it was.

The other stages judge crops without their borders, where a crop sees less than its picture does. So nothing taught the
decoder what lies beside a picture's own border, and outer rows and columns came back with two to three times the error of
the rest.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass

import numpy as np
import torch

from intaglio.priors.sampler import LADDERS
from intaglio.spaces.lean_decoder import LeanDecoder
from intaglio.train.batches import Crops
from intaglio.train.chain import Chain
from intaglio.train.resources import Resources
from intaglio.train.stages.drawing import encode, validate_drawn
from intaglio.train.stages.stage import Judgement, Losses, StageConfig

RIM = 4  # pixels that count as border
FIRST, SECOND = 4.0, 2.0  # weights of the outermost pixels, and of those beside them, over the rest of the border
SQUARED = 10.0  # weight of squared errors beside absolute ones
KEPT = 4.0  # weight of what changes inside


@dataclass(frozen=True, kw_only=True)
class BorderStageConfig(StageConfig):
    """What a recipe says of stage `border`."""

    def part(self, chain: Chain) -> LeanDecoder:
        assert isinstance(chain.decoder, LeanDecoder)
        return chain.decoder

    def build(self, chain: Chain, resources: Resources) -> BorderStage:
        return BorderStage(self, chain, resources)


class BorderStage:
    """Trains the lean decoder on drawn latents: its border by the original, its inside by what it drew before."""

    name = "border"

    def __init__(self, config: BorderStageConfig, chain: Chain, resources: Resources) -> None:
        chain.codec.requires_grad_(False)
        self.model: LeanDecoder = config.part(chain)
        self.before = copy.deepcopy(self.model).requires_grad_(False)
        self.codec = chain.codec
        self.source = config.source(resources)
        self.validation, self.lpips = resources.validation, resources.lpips

    def sample(self, rng: np.random.Generator) -> Crops:
        batch = self.source(rng)
        batch.steps = int(rng.choice(list(LADDERS)))
        return batch

    def loss(self, batch: Crops) -> Losses:
        with torch.no_grad():
            coded, prompt, _ = encode(Chain(self.codec, self.before), batch.x, batch.z, batch.q)
            control = self.codec.control(coded, prompt, batch.q)
            drawn = self.codec.draw(control, batch.q, batch.steps, torch.randn_like(batch.z)).float()
            before = self.codec.hold(self.before(drawn).float(), prompt)
        picture = self.codec.hold(self.model(drawn).float(), prompt)
        weights, inside = border(batch.x.shape[2], batch.x.shape[3], batch.x.device)
        error = picture - batch.x
        outer = ((error.abs() + SQUARED * error.square()).mean((0, 1)) * weights).sum() / weights.sum()
        moved = ((picture - before).abs().mean((0, 1)) * inside).sum() / inside.sum()
        return outer + KEPT * moved, {"border": float(outer.detach()), "moved": float(moved.detach())}

    def validate(self, model: LeanDecoder) -> Judgement:
        return validate_drawn(Chain(self.codec, model), self.validation, self.lpips)


def border(height: int, width: int, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """(H, W) each: weights of the pixels along a picture's border, and 1 inside of them."""
    down, across = (
        torch.minimum(torch.arange(n, device=device), torch.arange(n, device=device).flip(0)) for n in (height, width)
    )
    depth = torch.minimum(down[:, None], across[None])
    weights = (depth < RIM) + (FIRST - 1) * (depth == 0) + (SECOND - 1) * (depth == 1)
    return weights, (depth >= RIM).float()
