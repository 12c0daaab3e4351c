"""FaSDiff over a Stable Diffusion checkpoint, as the paper names it (arXiv 2505.05870), part by part.

high-frequency-sensitive compressor      `Compressor`, sized by the checkpoint's latent space
visual prompt                            the hint of `Steering`, into the branch of `StableDiffusionPrior`
hybrid low-frequency enhancement         semantic tokens through cross-attention, the low-frequency stream as scales and
                                         shifts of all that is injected, and the base picture's low band in the end
frozen diffusion prior                   the checkpoint's U-Net, of which no weight is changed or stored
"""

from __future__ import annotations

from dataclasses import replace

import torch

from intaglio.checkpoints.stable_diffusion import Checkpoint
from intaglio.codecs.diffusion_codec import DiffusionCodec
from intaglio.codecs.steering import Steering
from intaglio.compressor.compressor import Compressor
from intaglio.compressor.config import CompressorConfig
from intaglio.compressor.prompt import Prompt
from intaglio.entropy.learned.coded import Coded
from intaglio.priors.prior import Control
from intaglio.priors.sd_prior import StableDiffusionPrior, SteeringConfig


class FaSDiffOverStableDiffusion(DiffusionCodec):
    """Compressor, steering and the steered prior: an adapter. `trained`: with entropy models, from the U-Net's weights."""

    tile = 96  # latents; checkpoints were trained on 64 (512 pixels) or 96

    def __init__(
        self, compressor: CompressorConfig, steering: SteeringConfig, checkpoint: Checkpoint, *, trained: bool = False
    ) -> None:
        prior = StableDiffusionPrior(steering, checkpoint, copied=trained)
        super().__init__(Compressor(compressor, lean_encoder=True, trained=trained), prior)
        self.order = steering.order
        self.steering = Steering(compressor, prior)

    def control(self, c: Coded, prompt: Prompt, q: torch.Tensor) -> Control:
        control: Control = self.steering(c, prompt, q)
        return control

    def completed(self, control: Control, c: Coded) -> Control:
        return replace(control, cond=self.steering.tokens(c))
