"""Stage `lean`: the lean decoder learns pictures from latents; in a third of the steps also by LPIPS."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import nn

from intaglio.measures.lpips import LPIPS
from intaglio.spaces.lean_decoder import LeanDecoder
from intaglio.spaces.taef2 import Autoencoder
from intaglio.train.batches import Crops, Sampler, Validation
from intaglio.train.contact_sheet import sheet
from intaglio.train.stages.compressor_stage import psnr

PERCEPTUAL_SHARE, PERCEPTUAL_PIXELS = 1 / 3, 6 * 128**2  # of the steps, and of those at most
MARGIN = 16  # pixels at the border of a crop that see less than they would in the whole picture: not judged
ABSOLUTE, SQUARED, PERCEPTUAL = 1.0, 10.0, 0.5  # weights of the three errors


def judged(x: torch.Tensor, whole: bool) -> torch.Tensor:
    """The part of crops (B, 3, H, W) that is judged; all of whole pictures."""
    return x if whole else x[..., MARGIN:-MARGIN, MARGIN:-MARGIN]


class LeanStage:
    """Trains the lean decoder on originals, not on what the reference decoder makes of them."""

    name = "lean"

    def __init__(
        self, model: LeanDecoder, sampler: Sampler, validation: Validation, autoencoder: Autoencoder, lpips: LPIPS
    ) -> None:
        self.model: nn.Module = model
        self.sampler, self.validation, self.autoencoder, self.lpips = sampler, validation, autoencoder, lpips

    def sample(self, rng: np.random.Generator) -> Crops:
        batch = self.sampler(rng)
        batch.perceptual = bool(rng.random() < PERCEPTUAL_SHARE)
        return batch

    def loss(self, batch: Crops) -> tuple[torch.Tensor, dict[str, float]]:
        n = max(1, PERCEPTUAL_PIXELS // batch.x[0, 0].numel()) if batch.perceptual else len(batch.x)
        x, drawn = judged(batch.x[:n], batch.whole), judged(self.model(batch.z[:n]).float(), batch.whole)
        error = drawn - x
        loss = ABSOLUTE * error.abs().mean() + SQUARED * error.square().mean()
        logs = {"absolute": float(error.abs().mean().detach())}
        if batch.perceptual:
            with torch.no_grad():
                wanted = self.lpips.features(x)
            distance = self.lpips.distance(self.lpips.features(drawn), wanted).mean()
            loss = loss + PERCEPTUAL * distance
            logs["lpips"] = float(distance.detach())
        return loss, logs

    @torch.inference_mode()
    def validate(self, model: Any) -> tuple[dict[str, float], Image.Image]:
        x, z = self.validation.x, self.validation.z
        drawn = torch.cat([model(t) for t in z.split(4)]).clamp(0, 1)
        lpips = torch.cat([self.lpips(a, b) for a, b in zip(x.split(4), drawn.split(4))])
        return {"psnr": psnr(drawn, x), "lpips": float(lpips.mean())}, sheet([x[::2], drawn[::2]])
