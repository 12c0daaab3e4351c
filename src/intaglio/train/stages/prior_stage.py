"""Stage `prior`: the compact prior alone, on cached latents of whole faces, without pixels or control.

EDM's objective (Karras et al. 2022): log-normal noise levels, error weighted by the inverse of what noise leaves open.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from intaglio.priors.unet import CompactPrior
from intaglio.train.batches import Crops
from intaglio.train.chain import Chain
from intaglio.train.resources import Resources
from intaglio.train.stages.stage import Judgement, Losses, StageConfig
from intaglio.train.validation import sheet

MEAN, DEVIATION = 0.0, 1.5  # of the natural logarithm of sigma
HIGHEST = 12.0  # noise level from which pictures are drawn out of nothing
DRAWN, STEPS = 8, 24  # samples in a sheet, and their steps


@dataclass(frozen=True, kw_only=True)
class PriorStageConfig(StageConfig):
    """What a recipe says of stage `prior`."""

    def part(self, chain: Chain) -> CompactPrior:
        assert isinstance(chain.codec.prior, CompactPrior)
        return chain.codec.prior

    def build(self, chain: Chain, resources: Resources) -> PriorStage:
        return PriorStage(self, chain, resources)


@torch.inference_mode()
def draw(
    prior: CompactPrior, count: int, side: int, steps: int = STEPS, seed: int = 0, device: torch.device | str = "cpu"
) -> torch.Tensor:
    """Latents (count, C, side, side) out of pure noise: Euler steps down EDM's ladder (rho 5), no control."""
    generator = torch.Generator().manual_seed(seed)
    z = HIGHEST * torch.randn(count, prior.channels, side, side, generator=generator).to(device)
    ladder = torch.linspace(HIGHEST ** (1 / 5), 0.05 ** (1 / 5), steps, device=device) ** 5
    for sigma, after in zip(ladder, [*ladder[1:], torch.zeros((), device=device)]):
        clean = prior.denoise(z, sigma.expand(count)).float()
        z = clean + (z - clean) * (after / sigma)
    return z


class PriorStage:
    """Trains the prior to denoise latents of faces."""

    name = "prior"

    def __init__(self, config: PriorStageConfig, chain: Chain, resources: Resources) -> None:
        self.model: CompactPrior = config.part(chain)
        self.source, self.space = config.source(resources), resources.space

    def sample(self, rng: np.random.Generator) -> Crops:
        return self.source(rng)

    def loss(self, batch: Crops) -> Losses:
        sigma = torch.exp(MEAN + DEVIATION * torch.randn(len(batch), device=batch.z.device)).clamp(0.03, 15)
        s = sigma[:, None, None, None]
        clean = self.model.denoise(batch.z + s * torch.randn_like(batch.z), sigma)
        error = (clean - batch.z).square()
        return (error * (1 + 1 / s.square())).mean(), {}

    def validate(self, model: CompactPrior) -> Judgement:
        z = draw(model, DRAWN, self.source.side, device=self.source.device)
        with torch.inference_mode():
            return {"deviation": float(z.std())}, sheet([self.space.decode(z)])
