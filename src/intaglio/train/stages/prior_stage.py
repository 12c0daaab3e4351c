"""Stage `prior`: the compact prior alone, on cached latents of whole faces, without pixels or control.

EDM's objective (Karras et al. 2022): log-normal noise levels, error weighted by the inverse of what noise leaves open.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import nn

from intaglio.priors.unet import CompactPrior
from intaglio.spaces.taef2 import Autoencoder
from intaglio.train.batches import Crops, Sampler
from intaglio.train.contact_sheet import sheet

MEAN, DEVIATION = 0.0, 1.5  # of the natural logarithm of sigma
HIGHEST = 12.0  # noise level from which pictures are drawn out of nothing
DRAWN, STEPS = 8, 24  # samples in a sheet, and their steps


@torch.inference_mode()
def draw(
    prior: Any, count: int, side: int, steps: int = STEPS, seed: int = 0, device: torch.device | str = "cpu"
) -> torch.Tensor:
    """Latents out of pure noise: Euler steps down EDM's ladder (rho 5), no control."""
    generator = torch.Generator().manual_seed(seed)
    z = HIGHEST * torch.randn(count, 32, side, side, generator=generator).to(device)
    ladder = torch.linspace(HIGHEST ** (1 / 5), 0.05 ** (1 / 5), steps, device=device) ** 5
    for sigma, after in zip(ladder, [*ladder[1:], torch.zeros((), device=device)]):
        clean = prior(z, sigma.expand(count)).float()
        z = clean + (z - clean) * (after / sigma)
    return z


class PriorStage:
    """Trains the prior to denoise latents of faces."""

    name = "prior"

    def __init__(self, model: CompactPrior, sampler: Sampler, autoencoder: Autoencoder) -> None:
        self.model: nn.Module = model
        self.sampler, self.autoencoder = sampler, autoencoder

    def sample(self, rng: np.random.Generator) -> Crops:
        return self.sampler(rng)

    def loss(self, batch: Crops) -> tuple[torch.Tensor, dict[str, float]]:
        sigma = torch.exp(MEAN + DEVIATION * torch.randn(len(batch.z), device=batch.z.device)).clamp(0.03, 15)
        s = sigma[:, None, None, None]
        error = (self.model(batch.z + s * torch.randn_like(batch.z), sigma) - batch.z).square()
        loss = (error * (1 + 1 / s.square())).mean()
        return loss, {}

    def validate(self, model: nn.Module) -> tuple[dict[str, float], Image.Image]:
        z = draw(model, DRAWN, self.sampler.caches[0].size // 8, device=self.sampler.device)
        with torch.inference_mode():
            return {"deviation": float(z.std())}, sheet([self.autoencoder.decode(z)])
