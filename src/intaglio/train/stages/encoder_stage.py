"""Stage `encoder`: the lean encoder learns the reference encoder's latents from packets, by squared error."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from PIL import Image

from intaglio.networks import packets
from intaglio.spaces.lean_encoder import LeanEncoder
from intaglio.spaces.taef2 import Autoencoder
from intaglio.train.batches import Crops, Sampler, Validation
from intaglio.train.contact_sheet import sheet
from intaglio.train.stages.compressor_stage import psnr

MARGIN = 2  # latents at the border of a crop that were encoded with what lies outside: not judged


class EncoderStage:
    """Trains the lean encoder on cached latents."""

    name = "encoder"

    def __init__(self, model: LeanEncoder, sampler: Sampler, validation: Validation, autoencoder: Autoencoder) -> None:
        self.model: Any = model
        self.sampler, self.validation, self.autoencoder = sampler, validation, autoencoder

    def sample(self, rng: np.random.Generator) -> Crops:
        return self.sampler(rng)

    def loss(self, batch: Crops) -> tuple[torch.Tensor, dict[str, float]]:
        error = self.model(packets.analyse(batch.x - 0.5)).float() - batch.z
        if not batch.whole:
            error = error[..., MARGIN:-MARGIN, MARGIN:-MARGIN]
        loss = error.square().mean()
        return loss, {"error": float(loss.detach())}

    @torch.inference_mode()
    def validate(self, model: Any) -> tuple[dict[str, float], Image.Image]:
        x, z = self.validation.x, self.validation.z
        found = torch.cat([model(packets.analyse(t - 0.5)) for t in x.split(4)])
        drawn, wanted = (torch.cat([self.autoencoder.decode(t) for t in latents.split(4)]) for latents in (found, z))
        values = {
            "error": float((found - z).square().mean()),
            "psnr": psnr(drawn, x),
            "reference_psnr": psnr(wanted, x),
        }
        return values, sheet([x[::2], wanted[::2], drawn[::2]])
