"""Stage `compressor`: rate + latent error + picture error, on cached latents, no decoder in the loss.

    loss = (bits / pixels + lambda(q) * (LATENT * |z - z_base|^2 + PICTURE * |x - x_base|^2)) / sqrt(lambda(q))

The division keeps low and high rates of equal weight. lambda runs geometrically over quality.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import nn

from intaglio.codecs.fasdiff.compressor import Compressor
from intaglio.latent.autoencoder import Autoencoder
from intaglio.nets import packets
from intaglio.precision import best_dtype
from intaglio.train.data import Crops, Sampler, Validation
from intaglio.train.perceptual import LPIPS
from intaglio.train.sheet import sheet

LATENT, PICTURE = 0.25, 60.0
LAMBDA = (0.012, 20.0)  # at quality 0 and 1
CHECKED = (0, 64, 128)  # quality indices looked at in validation


def lam(q: torch.Tensor) -> torch.Tensor:
    """The weight of distortion at quality q in 0..1."""
    low, high = LAMBDA
    return low * (high / low) ** q


class CompressorStage:
    """Trains analysis, entropy models and synthesis together."""

    name = "compressor"

    def __init__(
        self, model: Compressor, sampler: Sampler, validation: Validation, autoencoder: Autoencoder, lpips: LPIPS
    ) -> None:
        self.model: nn.Module = model
        self.sampler, self.validation, self.autoencoder, self.lpips = sampler, validation, autoencoder, lpips

    def sample(self, rng: np.random.Generator) -> Crops:
        return self.sampler(rng)

    def loss(self, batch: Crops) -> tuple[torch.Tensor, dict[str, float]]:
        p = packets.analyse(batch.x - 0.5)
        _, prompt, bits = self.model(batch.z, p, batch.q)
        pixels = batch.x.shape[2] * batch.x.shape[3]
        rate = torch.stack(list(bits.values())).sum(0) / pixels
        latent = (prompt.latent.float() - batch.z).square().mean((1, 2, 3))
        picture = (prompt.packets.float() - p).square().mean((1, 2, 3))
        weight = lam(batch.q)
        loss = ((rate + weight * (LATENT * latent + PICTURE * picture)) * weight.rsqrt()).mean()
        logs = {"bpp": rate, "latent": latent, "picture": picture}
        return loss, {k: float(v.mean().detach()) for k, v in logs.items()}

    @torch.inference_mode()
    def validate(self, model: Any) -> tuple[dict[str, float], Image.Image]:
        values: dict[str, float] = {}
        x, z = self.validation.x, self.validation.z
        rows = [x[::2]]
        for index in CHECKED:
            bits, base, latent = [], [], []
            for xs, zs in zip(x.split(8), z.split(8)):
                _, prompt, b = model(
                    zs, packets.analyse(xs - 0.5), torch.full((len(xs),), index / 255, device=x.device)
                )
                bits.append(torch.stack(list(b.values()), 1) / 8)
                base.append((packets.synthesise(prompt.packets.float()) + 0.5).clamp(0, 1))
                latent.append(prompt.latent.float())
            sections = torch.cat(bits).mean(0)
            picture, z_base = torch.cat(base), torch.cat(latent)
            with torch.autocast(x.device.type, best_dtype(x.device), enabled=best_dtype(x.device) != torch.float32):
                decoded = torch.cat([self.autoencoder.decode(t) for t in z_base.split(4)]).float()
                lpips = torch.cat([self.lpips(a, b) for a, b in zip(x.split(4), decoded.split(4))])
            found = {n: float(v) for n, v in zip(b, sections)} | {
                "bytes": float(sections.sum()),
                "psnr": psnr(picture, x),
                "latent_psnr": psnr(decoded, x),
                "latent_error": float((z_base - z).square().mean()),
                "lpips": float(lpips.mean()),
            }
            values |= {f"q{index}/{k}": v for k, v in found.items()}
            rows += [picture[::2], decoded[::2]]
        return values, sheet(rows)


def psnr(a: torch.Tensor, b: torch.Tensor) -> float:
    """Mean over pictures (B, 3, H, W) in 0..1, dB."""
    return float(-10 * torch.log10((a - b).square().mean((1, 2, 3))).mean())
