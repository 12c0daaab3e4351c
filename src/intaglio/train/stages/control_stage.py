"""Stage `control`: the prior learns to be steered by the visual prompt and the low-frequency stream.

The compressor is frozen. Noise levels are log-uniform; a quarter of the samples is the one-step case: no noise,
the base latent itself with the start's level.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import nn

from intaglio.codecs.cgdm import CGDM
from intaglio.codecs.fasdiff import FaSDiff
from intaglio.compressor.base_picture import base_picture
from intaglio.compressor.synthesis import Prompt
from intaglio.entropy.learned.coded import Coded
from intaglio.measures.lpips import LPIPS
from intaglio.networks import packets
from intaglio.networks.precision import best_dtype
from intaglio.priors.sampler import levels
from intaglio.train.batches import Crops, Sampler, Validation
from intaglio.train.contact_sheet import sheet
from intaglio.train.stages.compressor_stage import psnr

LOWEST, HIGHEST = 0.05, 2.5  # noise levels trained on
ONE_STEP = 0.25  # share of the one-step case
CHECKED = (48, 112)  # quality indices looked at in validation


@torch.no_grad()
def encode(
    model: FaSDiff | CGDM, x: torch.Tensor, z: torch.Tensor, q: torch.Tensor, local: torch.Tensor | None = None
) -> tuple[Coded, Prompt, torch.Tensor]:
    """What a decoder would see of pictures x (B, 3, H, W) with latents z: (decoded tensors, prompt, bytes (B,)).

    `local`: qualities of y, position by position, in place of q.
    """
    coded, prompt, bits = model.compressor(z, packets.analyse(x - 0.5), q, local)
    return coded, prompt, torch.stack(list(bits.values())).sum(0) / 8


@torch.inference_mode()
def validate_drawn(
    model: Any, decoder: nn.Module, validation: Validation, lpips: LPIPS
) -> tuple[dict[str, float], Image.Image]:
    """LPIPS and PSNR of the base picture, of the base latent decoded, and of 1 and 4 steps, low bands held alike."""
    x, z, values, rows = validation.x, validation.z, {}, [validation.x[::2]]
    dtype = best_dtype(x.device)
    for index in CHECKED:
        found: dict[str, list[torch.Tensor]] = {}
        size: list[torch.Tensor] = []
        for xs, zs in zip(x.split(4), z.split(4)):
            q = torch.full((len(xs),), index / 255, device=x.device)
            coded, prompt, count = encode(model, xs, zs, q)
            noise = torch.randn(zs.shape, generator=torch.Generator().manual_seed(0)).to(x.device)
            size.append(count)
            with torch.autocast(x.device.type, dtype, enabled=dtype != torch.float32):
                shown = {"base": base_picture(prompt), "latent": model.hold(decoder(prompt.latent.float()), prompt)}
                control = model.control(coded, prompt, q)
                for steps in (1, 4):
                    drawn = model.draw(control, q, steps, noise)
                    shown[f"steps{steps}"] = model.hold(decoder(drawn.float()), prompt)
            for name, picture in shown.items():
                found.setdefault(name, []).append(picture.float().clamp(0, 1))
        values[f"q{index}/bytes"] = float(torch.cat(size).mean())
        for name, parts in found.items():
            pictures = torch.cat(parts)
            with torch.autocast(x.device.type, dtype, enabled=dtype != torch.float32):
                distance = torch.cat([lpips(a, b) for a, b in zip(x.split(4), pictures.split(4))]).mean()
            values |= {f"q{index}/{name}/psnr": psnr(pictures, x), f"q{index}/{name}/lpips": float(distance)}
            rows.append(pictures[::2])
    return values, sheet(rows)


class ControlStage:
    """Trains what steers the prior, and the prior, to denoise, given the prompt."""

    name = "control"

    def __init__(
        self, model: FaSDiff | CGDM, sampler: Sampler, validation: Validation, decoder: nn.Module, lpips: LPIPS
    ) -> None:
        model.compressor.eval().requires_grad_(False)
        self.model: Any = model
        self.sampler, self.validation, self.decoder, self.lpips = sampler, validation, decoder, lpips

    def sample(self, rng: np.random.Generator) -> Crops:
        return self.sampler(rng)

    def loss(self, batch: Crops) -> tuple[torch.Tensor, dict[str, float]]:
        coded, prompt, _ = encode(self.model, batch.x, batch.z, batch.q)
        b = len(batch.z)
        start = levels(batch.q, 1)[0]
        sigma = LOWEST * (HIGHEST / LOWEST) ** torch.rand(b, device=batch.z.device)
        one = torch.rand(b, device=batch.z.device) < ONE_STEP
        sigma = torch.where(one, start, sigma)
        noisy = batch.z + sigma[:, None, None, None] * torch.randn_like(batch.z)
        noisy = torch.where(one[:, None, None, None], prompt.latent.float(), noisy)
        control = self.model.control(coded, prompt, batch.q)
        error = (self.model.prior(noisy, sigma, control) - batch.z).square().mean((1, 2, 3))
        loss = (error / (torch.where(one, 1.0, sigma.square()) + 0.25)).mean()
        base = (prompt.latent.float() - batch.z).square().mean()
        return loss, {
            "error": float(error.mean().detach()),
            "one_step": float(error[one].mean().detach()) if one.any() else 0.0,
            "base": float(base),
        }

    def validate(self, model: nn.Module) -> tuple[dict[str, float], Image.Image]:
        return validate_drawn(model, self.decoder, self.validation, self.lpips)
