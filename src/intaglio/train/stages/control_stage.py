"""Stage `control`: the prior learns to be steered by the visual prompt and the low-frequency stream.

The compressor is frozen. Noise levels are log-uniform; a quarter of the samples is the one-step case: no noise,
the base latent itself with the start's level.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from intaglio.priors.sampler import levels
from intaglio.train.batches import Crops
from intaglio.train.chain import Chain
from intaglio.train.resources import Resources
from intaglio.train.stages.drawing import encode, recompute, validate_drawn
from intaglio.train.stages.stage import Judgement, Losses, StageConfig

LOWEST, HIGHEST = 0.05, 2.5  # noise levels trained on
ONE_STEP = 0.25  # share of the one-step case


@dataclass(frozen=True, kw_only=True)
class ControlStageConfig(StageConfig):
    """What a recipe says of stage `control`."""

    low: float = 0.0  # share of the crops whose quality is of the lower two thirds alone
    recompute: bool = False  # a checkpoint's activations anew for gradients: far less memory, a third more work

    def part(self, chain: Chain) -> Chain:
        return chain

    def build(self, chain: Chain, resources: Resources) -> ControlStage:
        return ControlStage(self, chain, resources)


class ControlStage:
    """Trains what steers the prior, and the prior, to denoise, given the prompt."""

    name = "control"

    def __init__(self, config: ControlStageConfig, chain: Chain, resources: Resources) -> None:
        chain.codec.compressor.eval().requires_grad_(False)
        chain.decoder.eval().requires_grad_(False)
        recompute(chain, config.recompute)
        self.model: Chain = config.part(chain)
        self.source = config.source(resources, config.low)
        self.validation, self.lpips = resources.validation, resources.lpips

    def sample(self, rng: np.random.Generator) -> Crops:
        return self.source(rng)

    def loss(self, batch: Crops) -> Losses:
        codec = self.model.codec
        coded, prompt, _ = encode(self.model, batch.x, batch.z, batch.q)
        base, b = prompt.latent.float(), len(batch)
        sigma = LOWEST * (HIGHEST / LOWEST) ** torch.rand(b, device=batch.z.device)
        one = torch.rand(b, device=batch.z.device) < ONE_STEP
        sigma = torch.where(one, levels(batch.q, 1)[0], sigma)
        noisy = batch.z + sigma[:, None, None, None] * torch.randn_like(batch.z)
        noisy = torch.where(one[:, None, None, None], base, noisy)
        clean = codec.prior.denoise(noisy, sigma, codec.control(coded, prompt, batch.q))
        error = (clean - batch.z).square().mean((1, 2, 3))
        loss = (error / (torch.where(one, 1.0, sigma.square()) + 0.25)).mean()
        return loss, {
            "error": float(error.mean().detach()),
            "one_step": float(error[one].mean().detach()) if one.any() else 0.0,
            "base": float((base - batch.z).square().mean()),
        }

    def validate(self, model: Chain) -> Judgement:
        return validate_drawn(model, self.validation, self.lpips)
