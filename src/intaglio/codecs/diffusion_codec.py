"""What both codecs' networks are to the rest: a compressor, a prior that it steers, and how what is drawn is held to it."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import nn

from intaglio.compressor.base_picture import hold_low_band
from intaglio.compressor.compressor import Compressor
from intaglio.compressor.synthesis import Prompt
from intaglio.entropy.learned.coded import Coded
from intaglio.networks.tiles import Rect
from intaglio.priors.patches import needed, patched
from intaglio.priors.prior import Control
from intaglio.priors.sampler import sample
from intaglio.priors.unet import CompactPrior


class DiffusionCodec(nn.Module, ABC):
    """Base of the codecs; each adds what steers its prior (`control`), and may bound what is drawn."""

    tile: int  # latents a side of a patch that the prior sees at once

    def __init__(self, compressor: Compressor, prior: CompactPrior) -> None:
        super().__init__()
        self.compressor, self.prior = compressor, prior

    @abstractmethod
    def control(self, c: Coded, prompt: Prompt, q: torch.Tensor) -> Control:
        """What steers the prior for decoded tensors, their prompt and qualities q (B,)."""

    def draw(
        self,
        control: Control,
        q: torch.Tensor,
        steps: int,
        noise: torch.Tensor,
        realism: float = 1.0,
        part: Rect | None = None,
    ) -> torch.Tensor:
        """Latents (B, C, h, w) that the diffusion makes under a control, from noise of that shape.

        Of a large latent, `part` alone is drawn, where it is given. `realism` acts on latents only where a codec says so.
        """
        order = needed(part, noise.shape[2], noise.shape[3], steps, self.tile) if part else None
        return sample(patched(self.prior, control, self.tile, order), control.base.float(), q, steps, noise)

    def hold(self, x: torch.Tensor, prompt: Prompt, realism: float = 1.0) -> torch.Tensor:
        """A drawn picture (B, 3, H, W) held to the base picture: its low band is the base picture's."""
        return hold_low_band(x, prompt)
