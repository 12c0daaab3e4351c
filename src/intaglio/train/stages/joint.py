"""Stage `joint`: few-step drawing unrolled, judged through the lean decoder by perceptual losses; compressor frozen.

Of the drawn steps only the last carries gradient. One, two and four steps take turns. Identity is a recogniser's
cosine on crops that hold a whole face.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from intaglio.codecs.cgdm.model import CGDM
from intaglio.codecs.fasdiff.model import FaSDiff
from intaglio.prior.sampler import LADDERS, levels
from intaglio.train.data import Crops, Sampler, Validation
from intaglio.train.identity import Identity, readable
from intaglio.train.perceptual import LPIPS
from intaglio.train.stages.control import ControlStage, encode
from intaglio.train.stages.lean import judged

PERCEPTUAL, PICTURE, LATENT = 1.0, 6.0, 0.05  # weights of LPIPS, squared pixel error and squared latent error
IDENTITY, FACES = 0.25, 4  # weight; in so many crops of a batch at most


class JointStage(ControlStage):
    """Trains what steers the prior, and the prior, through the decoder."""

    name = "joint"

    def __init__(
        self,
        model: FaSDiff | CGDM,
        sampler: Sampler,
        validation: Validation,
        decoder: nn.Module,
        lpips: LPIPS,
        identity: Identity,
    ) -> None:
        super().__init__(model, sampler, validation, decoder, lpips)
        self.identity = identity

    def sample(self, rng: np.random.Generator) -> Crops:
        batch = self.sampler(rng)
        batch.steps = int(rng.choice(list(LADDERS)))
        return batch

    def draw(self, batch: Crops) -> tuple[torch.Tensor, torch.Tensor]:
        """(drawn latents, pictures), gradient through the last step."""
        model = self.model
        coded, prompt, _ = encode(model, batch.x, batch.z, batch.q)
        control = model.control(coded, prompt, batch.q)
        sigmas = levels(batch.q, batch.steps)
        z = prompt.latent.float()
        if batch.steps > 1:
            z = z + sigmas[0][:, None, None, None] * torch.randn_like(z)
        with torch.no_grad():
            for sigma, after in zip(sigmas, sigmas[1:]):
                clean = model.prior(z, sigma, control)
                z = clean + (z - clean) * (after / sigma)[:, None, None, None]
        drawn = model.prior(z, sigmas[-1], control)
        return drawn, model.hold(self.decoder(drawn).float(), prompt)

    def loss(self, batch: Crops) -> tuple[torch.Tensor, dict[str, float]]:
        drawn, picture = self.draw(batch)
        latent = (drawn - batch.z).square().mean()
        faces = readable(batch.landmarks, picture.shape[3], FACES)
        logs = {}
        loss = LATENT * latent
        if len(faces):
            found = self.identity.embed(picture[faces].clamp(0, 1), batch.landmarks[faces])
            identity = 1 - (found * batch.people[faces]).sum(1).mean()
            loss = loss + IDENTITY * identity
            logs["identity"] = float(identity.detach())
        picture, x = judged(picture, batch.whole), judged(batch.x, batch.whole)
        with torch.no_grad():
            wanted = self.lpips.features(x)
        perceptual = self.lpips.distance(self.lpips.features(picture), wanted).mean()
        squared = (picture - x).square().mean()
        loss = loss + PERCEPTUAL * perceptual + PICTURE * squared
        return loss, logs | {
            "lpips": float(perceptual.detach()),
            "squared": float(squared.detach()),
            "latent": float(latent.detach()),
        }
