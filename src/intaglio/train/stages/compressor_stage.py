"""Stage `compressor`: rate + errors of latent, picture and identity, on cached latents, no decoder in the loss.

The loss is `rate_distortion`'s, with identity = BASE * (1 - cosine of the base picture's face to the original's vector of a
recogniser) beside the errors.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from intaglio.compressor.compressor import Compressor
from intaglio.faces.recogniser import readable
from intaglio.networks import packets
from intaglio.networks.precision import best_dtype
from intaglio.train.batches import Crops
from intaglio.train.chain import Chain
from intaglio.train.resources import Resources
from intaglio.train.stages.rate_distortion import lagrangian, objective
from intaglio.train.stages.stage import Judgement, Losses, StageConfig
from intaglio.train.validation import psnr, sheet

BASE, FACES = 0.3, 4  # `FACES`: in so many crops of a batch at most
QUALITIES = (0, 64, 128)  # quality indices looked at in validation


@dataclass(frozen=True, kw_only=True)
class CompressorStageConfig(StageConfig):
    """What a recipe says of stage `compressor`."""

    low: float = 0.0  # share of the crops whose quality is of the lower two thirds alone
    pixels: int = 256 * 256  # of the pictures to come: what the bits of the vector, sent once, are spread over

    def part(self, chain: Chain) -> Compressor:
        return chain.codec.compressor

    def build(self, chain: Chain, resources: Resources) -> CompressorStage:
        return CompressorStage(self, chain, resources)


class CompressorStage:
    """Trains analysis, entropy models and synthesis together."""

    name = "compressor"

    def __init__(self, config: CompressorStageConfig, chain: Chain, resources: Resources) -> None:
        self.model: Compressor = config.part(chain)
        self.config, self.source = config, config.source(resources, config.low)
        self.validation, self.space = resources.validation, resources.space
        self.lpips, self.recogniser = resources.lpips, resources.recogniser

    def sample(self, rng: np.random.Generator) -> Crops:
        return self.source(rng)

    def loss(self, batch: Crops) -> Losses:
        p = packets.analyse(batch.x - 0.5)
        _, prompt, bits = self.model(batch.z, p, batch.q)
        rate, error, figures = objective(bits, prompt, batch, p, self.config.pixels)
        faces = readable(batch.landmarks, batch.x.shape[3], FACES)
        if len(faces):
            base = (packets.synthesise(prompt.packets[faces].float()) + 0.5).clamp(0, 1)
            vectors = self.recogniser.embed(base, batch.landmarks[faces])
            figures["base"] = 1 - (vectors * batch.people[faces]).sum(1)
            error = error.index_add(0, faces, BASE * figures["base"])
        return lagrangian(rate, error, batch.q), {k: float(v.mean().detach()) for k, v in figures.items()}

    @torch.inference_mode()
    def validate(self, model: Compressor) -> Judgement:
        x, z = self.validation.x, self.validation.z
        figures, rows = dict[str, float](), [x[::2]]
        for index in QUALITIES:
            sizes, bases, latents = [], [], []
            for xs, zs in zip(x.split(8), z.split(8)):
                q = torch.full((len(xs),), index / 255, device=x.device)
                _, prompt, bits = model(zs, packets.analyse(xs - 0.5), q)
                sizes.append(torch.stack(list(bits.values()), 1) / 8)
                bases.append((packets.synthesise(prompt.packets.float()) + 0.5).clamp(0, 1))
                latents.append(prompt.latent.float())
            sections, base, latent = torch.cat(sizes).mean(0), torch.cat(bases), torch.cat(latents)
            dtype = best_dtype(x.device)
            with torch.autocast(x.device.type, dtype, enabled=dtype != torch.float32):
                decoded = torch.cat([self.space.decode(t) for t in latent.split(4)]).float()
                lpips = torch.cat([self.lpips(a, b) for a, b in zip(x.split(4), decoded.split(4))])
            of_index = {name: float(size) for name, size in zip(bits, sections)} | {
                "bytes": float(sections.sum()),
                "psnr": psnr(base, x),
                "latent_psnr": psnr(decoded, x),
                "latent_error": float((latent - z).square().mean()),
                "lpips": float(lpips.mean()),
            }
            figures |= {f"q{index}/{name}": value for name, value in of_index.items()}
            rows += [base[::2], decoded[::2]]
        return figures, sheet(rows)
