"""What both codecs' networks are to the rest: a compressor, a prior that it steers, and how what is drawn is held to it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

import torch
from torch import nn

from intaglio.compressor.base_picture import hold_low_band
from intaglio.compressor.compressor import Compressor
from intaglio.compressor.synthesis import Prompt
from intaglio.entropy.learned.coded import Coded
from intaglio.networks.tiles import Rect
from intaglio.priors.patches import needed, patched, patches
from intaglio.priors.prior import Control
from intaglio.priors.sampler import sample
from intaglio.priors.sd_prior import StableDiffusionPrior
from intaglio.priors.unet import CompactPrior

Progress = Callable[[float], object]
"""Told each share of a work that is done; what it raises ends the work."""


def ignored(share: float) -> None:
    """Progress that nobody wants to know of."""


class DiffusionCodec(nn.Module, ABC):
    """Base of the codecs; each adds what steers its prior (`control`), and may bound what is drawn."""

    tile: int  # latents a side of a patch that the prior sees at once
    order = 1  # of the solver, where several steps are drawn (`sampler`)

    def __init__(self, compressor: Compressor, prior: CompactPrior | StableDiffusionPrior) -> None:
        super().__init__()
        self.compressor, self.prior = compressor, prior

    @abstractmethod
    def control(self, c: Coded, prompt: Prompt, q: torch.Tensor) -> Control:
        """What steers the prior for decoded tensors, their prompt and qualities q (B,)."""

    def completed(self, control: Control, c: Coded) -> Control:
        """A control stitched of windows, with what is not of places but of the whole picture, whose tensors `c` are."""
        return control

    def draw(
        self,
        control: Control,
        q: torch.Tensor,
        steps: int,
        noise: torch.Tensor,
        realism: float = 1.0,
        part: Rect | None = None,
        progress: Progress = ignored,
    ) -> torch.Tensor:
        """Latents (B, C, h, w) that the diffusion makes under a control, from noise of that shape.

        Of a large latent, `part` alone is drawn, where it is given. `realism` acts on latents only where a codec says so.
        `progress` is told each share of the work as it is done.
        """
        h, w = noise.shape[2:]
        order = needed(part, h, w, steps, self.tile) if part else patches(h, w, self.tile)
        share = 1 / (steps * len(order))
        denoise = patched(self.prior, control, self.tile, order, lambda: progress(share))
        return sample(denoise, control.base.float(), q, steps, noise, self.order)

    def hold(self, x: torch.Tensor, prompt: Prompt, realism: float = 1.0) -> torch.Tensor:
        """A drawn picture (B, 3, H, W) held to the base picture: its low band is the base picture's."""
        return hold_low_band(x, prompt)
