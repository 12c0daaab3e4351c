"""Stage `compressor`: rate + errors of latent, picture and identity, on cached latents, no decoder in the loss.

    loss = (bits / pixels + lambda(q) * (LATENT * |z - z_base|^2 + PICTURE * |x - x_base|^2 + identity)) / sqrt(lambda(q))
    identity = BASE * (1 - cosine of the base picture's face)

The division keeps low and high rates of equal weight. lambda runs geometrically over quality. Errors of latent and
picture weigh FACE times as much where a face is read. The cosine is to the original's vector of a recogniser.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from PIL import Image

from intaglio.compressor.compressor import Compressor
from intaglio.compressor.objective import LATENT, PICTURE, lam
from intaglio.compressor.synthesis import Prompt
from intaglio.faces.recogniser import Identity, readable
from intaglio.measures.lpips import LPIPS
from intaglio.networks import packets
from intaglio.networks.precision import best_dtype
from intaglio.spaces.taef2 import Autoencoder
from intaglio.train.batches import Crops, Sampler, Validation
from intaglio.train.cached_faces import weights
from intaglio.train.contact_sheet import sheet

FACE = 4.0  # what errors weigh where a face is read
BASE, FACES = 0.3, 4  # `FACES`: in so many crops of a batch at most
CHECKED = (0, 64, 128)  # quality indices looked at in validation


def bits_per_pixel(bits: dict[str, torch.Tensor], side: int, pixels: int) -> torch.Tensor:
    """Bits (B,) of a crop's sections as bits a pixel; the vector's are shared by all `pixels` of a picture."""
    spatial = torch.stack([b for name, b in bits.items() if name != "vector"]).sum(0)
    return spatial / side**2 + bits["vector"] / max(pixels, side**2)


def objective(
    bits: dict[str, torch.Tensor], prompt: Prompt, batch: Crops, p: torch.Tensor, pixels: int
) -> tuple[torch.Tensor, torch.Tensor, dict[str, torch.Tensor]]:
    """(bits a pixel (B,), errors (B,) of base latent and base picture, what to log) of crops with packets p."""
    side = batch.x.shape[3]
    rate = bits_per_pixel(bits, side, pixels)
    where = weights(batch.landmarks, side, 8, FACE)
    latent = (where * (prompt.latent.float() - batch.z).square()).mean((1, 2, 3))
    picture = (where * (prompt.packets.float() - p).square()).mean((1, 2, 3))
    logs = {"bpp": rate, "vector": bits["vector"] / 8, "latent": latent, "picture": picture}
    return rate, LATENT * latent + PICTURE * picture, logs


class CompressorStage:
    """Trains analysis, entropy models and synthesis together."""

    name = "compressor"

    def __init__(
        self,
        model: Compressor,
        sampler: Sampler,
        validation: Validation,
        autoencoder: Autoencoder,
        lpips: LPIPS,
        identity: Identity,
    ) -> None:
        self.model: Any = model
        self.sampler, self.validation, self.autoencoder = sampler, validation, autoencoder
        self.lpips, self.identity = lpips, identity

    def sample(self, rng: np.random.Generator) -> Crops:
        return self.sampler(rng)

    def loss(self, batch: Crops) -> tuple[torch.Tensor, dict[str, float]]:
        p = packets.analyse(batch.x - 0.5)
        _, prompt, bits = self.model(batch.z, p, batch.q)
        rate, error, logs = objective(bits, prompt, batch, p, self.sampler.cfg.pixels)
        faces = readable(batch.landmarks, batch.x.shape[3], FACES)
        if len(faces):
            base = (packets.synthesise(prompt.packets[faces].float()) + 0.5).clamp(0, 1)
            logs["base"] = 1 - (self.identity.embed(base, batch.landmarks[faces]) * batch.people[faces]).sum(1)
            error = error.index_add(0, faces, BASE * logs["base"])
        weight = lam(batch.q)
        loss = ((rate + weight * error) * weight.rsqrt()).mean()
        return loss, {k: float(v.mean().detach()) for k, v in logs.items()}

    @torch.inference_mode()
    def validate(self, model: Any) -> tuple[dict[str, float], Image.Image]:
        values: dict[str, float] = {}
        x, z = self.validation.x, self.validation.z
        rows = [x[::2]]
        for index in CHECKED:
            bits, base, latent = [], [], []
            for xs, zs in zip(x.split(8), z.split(8)):
                q = torch.full((len(xs),), index / 255, device=x.device)
                _, prompt, b = model(zs, packets.analyse(xs - 0.5), q)
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
