"""Stage `joint`: few-step drawing unrolled, judged through the lean decoder by perceptual losses; compressor frozen.

Of the drawn steps only the last carries gradient. One, two and four steps take turns.
"""

from __future__ import annotations

import numpy as np
import torch

from intaglio.codecs.fasdiff.model import FaSDiff, hold_low_band
from intaglio.prior.sampler import LADDERS, levels
from intaglio.train.data import Crops
from intaglio.train.stages.control import ControlStage, encode
from intaglio.train.stages.lean import inner

PERCEPTUAL, PICTURE, LATENT = 1.0, 4.0, 0.05  # weights of LPIPS, squared pixel error and squared latent error


class JointStage(ControlStage):
    """Trains enhancement and prior through the decoder."""

    name = "joint"

    def sample(self, rng: np.random.Generator) -> Crops:
        batch = self.sampler(rng)
        batch.steps = int(rng.choice(list(LADDERS)))
        return batch

    def draw(self, batch: Crops) -> tuple[torch.Tensor, torch.Tensor]:
        """(drawn latents, pictures), gradient through the last step."""
        model: FaSDiff = self.model
        coded, prompt, _ = encode(model, batch.x, batch.z, batch.q)
        control = model.enhancement(coded, prompt, batch.q)
        sigmas = levels(batch.q, batch.steps)
        z = prompt.latent.float()
        if batch.steps > 1:
            z = z + sigmas[0][:, None, None, None] * torch.randn_like(z)
        with torch.no_grad():
            for sigma, after in zip(sigmas, sigmas[1:]):
                clean = model.prior(z, sigma, control)
                z = clean + (z - clean) * (after / sigma)[:, None, None, None]
        drawn = model.prior(z, sigmas[-1], control)
        return drawn, hold_low_band(self.decoder(drawn).float(), prompt)

    def loss(self, batch: Crops) -> tuple[torch.Tensor, dict[str, float]]:
        drawn, picture = self.draw(batch)
        picture, x = inner(picture), inner(batch.x)
        with torch.no_grad():
            wanted = self.lpips.features(x)
        perceptual = self.lpips.distance(self.lpips.features(picture), wanted).mean()
        squared = (picture - x).square().mean()
        latent = (drawn - batch.z).square().mean()
        loss = PERCEPTUAL * perceptual + PICTURE * squared + LATENT * latent
        return loss, {
            "lpips": float(perceptual.detach()),
            "squared": float(squared.detach()),
            "latent": float(latent.detach()),
        }
