"""Stage `lean`: the lean decoder learns pictures from latents; in a third of the steps also by LPIPS."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from intaglio.spaces.lean_decoder import LeanDecoder
from intaglio.train.batches import Crops
from intaglio.train.chain import Chain
from intaglio.train.resources import Resources
from intaglio.train.stages.stage import Judgement, Losses, StageConfig
from intaglio.train.validation import psnr, sheet

PERCEPTUAL_SHARE, PERCEPTUAL_PIXELS = 1 / 3, 6 * 128**2  # of the steps, and of those at most
ABSOLUTE, SQUARED, PERCEPTUAL = 1.0, 10.0, 0.5  # weights of the three errors


@dataclass(frozen=True, kw_only=True)
class LeanStageConfig(StageConfig):
    """What a recipe says of stage `lean`."""

    def part(self, chain: Chain) -> LeanDecoder:
        assert isinstance(chain.decoder, LeanDecoder)
        return chain.decoder

    def build(self, chain: Chain, resources: Resources) -> LeanStage:
        return LeanStage(self, chain, resources)


class LeanStage:
    """Trains the lean decoder on originals, not on what the reference decoder makes of them."""

    name = "lean"

    def __init__(self, config: LeanStageConfig, chain: Chain, resources: Resources) -> None:
        self.model: LeanDecoder = config.part(chain)
        self.source = config.source(resources)
        self.validation, self.lpips = resources.validation, resources.lpips

    def sample(self, rng: np.random.Generator) -> Crops:
        batch = self.source(rng)
        batch.perceptual = bool(rng.random() < PERCEPTUAL_SHARE)
        return batch

    def loss(self, batch: Crops) -> Losses:
        n = max(1, PERCEPTUAL_PIXELS // batch.x[0, 0].numel()) if batch.perceptual else len(batch)
        x, drawn = batch.judged(batch.x[:n]), batch.judged(self.model(batch.z[:n]).float())
        error = drawn - x
        loss = ABSOLUTE * error.abs().mean() + SQUARED * error.square().mean()
        figures = {"absolute": float(error.abs().mean().detach())}
        if batch.perceptual:
            with torch.no_grad():
                wanted = self.lpips.features(x)
            distance = self.lpips.distance(self.lpips.features(drawn), wanted).mean()
            loss = loss + PERCEPTUAL * distance
            figures["lpips"] = float(distance.detach())
        return loss, figures

    @torch.inference_mode()
    def validate(self, model: LeanDecoder) -> Judgement:
        x = self.validation.x
        drawn = torch.cat([model(z) for z in self.validation.z.split(4)]).clamp(0, 1)
        lpips = torch.cat([self.lpips(a, b) for a, b in zip(x.split(4), drawn.split(4))])
        return {"psnr": psnr(drawn, x), "lpips": float(lpips.mean())}, sheet([x[::2], drawn[::2]])
