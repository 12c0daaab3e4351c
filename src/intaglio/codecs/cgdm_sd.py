"""CGDM over a Stable Diffusion checkpoint, as far as a U-Net that is not ours allows.

    end-to-end compressor, neural syntax         as `cgdm` has them, sized by the checkpoint's latent space
    consistency-guided branch                    the hint of `Steering`, into the branch of `StableDiffusionPrior`
    SFF                                          gates 2a of all that the branch adds, channel by channel, from the syntax
    bounds                                       `BoundedCodec`

SFF proper also turns the denoiser's own features down, by 2 (1 - a). The checkpoint's are left as they are: its skips
cannot be reached from outside, and it was not trained to hear less of itself.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import nn

from intaglio.checkpoints.stable_diffusion import Checkpoint
from intaglio.codecs.bounded import BoundedCodec
from intaglio.codecs.cgdm import SyntaxSynthesis, generator
from intaglio.codecs.steering import Steering
from intaglio.compressor.compressor import Compressor
from intaglio.compressor.config import CompressorConfig
from intaglio.compressor.prompt import Prompt
from intaglio.entropy.learned.coded import Coded
from intaglio.priors.prior import Control
from intaglio.priors.sd_prior import StableDiffusionPrior, SteeringConfig


class CGDMOverStableDiffusion(BoundedCodec):
    """Compressor with neural syntax, gated steering and the steered prior: an adapter. `trained`: as FaSDiff's."""

    tile = 96

    def __init__(
        self, compressor: CompressorConfig, steering: SteeringConfig, checkpoint: Checkpoint, *, trained: bool = False
    ) -> None:
        prior = StableDiffusionPrior(steering, checkpoint, copied=trained)
        synthesis = SyntaxSynthesis(compressor)
        super().__init__(Compressor(compressor, synthesis, lean_encoder=False, trained=trained), prior)
        self.order = steering.order
        self.steering = Steering(compressor, prior)
        self.widths = prior.widths
        self.gates = nn.Parameter(torch.zeros(sum(self.widths)))
        self.delta = generator(compressor.vector, sum(self.widths))

    def control(self, c: Coded, prompt: Prompt, q: torch.Tensor) -> Control:
        control: Control = self.steering(c, prompt, q)
        gates = 2 * torch.sigmoid(self.gates + self.delta(c.vector[:, :, 0, 0])) - 1
        return replace(control, scales=list(gates[:, :, None, None].split(self.widths, 1)))

    def completed(self, control: Control, c: Coded) -> Control:
        return replace(control, cond=self.steering.tokens(c))
