"""Stage `encoder`: the lean encoder learns the reference encoder's latents from packets, by squared error."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from intaglio.networks import packets
from intaglio.spaces.lean_encoder import LeanEncoder
from intaglio.train.batches import Crops
from intaglio.train.chain import Chain
from intaglio.train.resources import Resources
from intaglio.train.stages.stage import Judgement, Losses, StageConfig
from intaglio.train.validation import psnr, sheet

MARGIN = 2  # latents at the border of a crop that were encoded with what lies outside: not judged


@dataclass(frozen=True, kw_only=True)
class EncoderStageConfig(StageConfig):
    """What a recipe says of stage `encoder`."""

    def part(self, chain: Chain) -> LeanEncoder:
        return chain.codec.compressor.analysis.encoder

    def build(self, chain: Chain, resources: Resources) -> EncoderStage:
        return EncoderStage(self, chain, resources)


class EncoderStage:
    """Trains the lean encoder on cached latents."""

    name = "encoder"

    def __init__(self, config: EncoderStageConfig, chain: Chain, resources: Resources) -> None:
        self.model: LeanEncoder = config.part(chain)
        self.source = config.source(resources)
        self.validation, self.space = resources.validation, resources.space

    def sample(self, rng: np.random.Generator) -> Crops:
        return self.source(rng)

    def loss(self, batch: Crops) -> Losses:
        error = self.model(packets.analyse(batch.x - 0.5)).float() - batch.z
        if not batch.whole:
            error = error[..., MARGIN:-MARGIN, MARGIN:-MARGIN]
        loss = error.square().mean()
        return loss, {"error": float(loss.detach())}

    @torch.inference_mode()
    def validate(self, model: LeanEncoder) -> Judgement:
        x, z = self.validation.x, self.validation.z
        lean = torch.cat([model(packets.analyse(t - 0.5)) for t in x.split(4)])
        drawn, wanted = (torch.cat([self.space.decode(t) for t in latents.split(4)]) for latents in (lean, z))
        figures = {
            "error": float((lean - z).square().mean()),
            "psnr": psnr(drawn, x),
            "reference_psnr": psnr(wanted, x),
        }
        return figures, sheet([x[::2], wanted[::2], drawn[::2]])
