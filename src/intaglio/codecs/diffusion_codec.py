"""What both codecs' networks are to the rest: a compressor, a prior that it steers, and how what is drawn is held to it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace

import torch
from torch import nn

from intaglio.compressor.base_picture import hold_low_band
from intaglio.compressor.compressor import Compressor
from intaglio.compressor.prompt import Prompt
from intaglio.entropy.learned.coded import Coded
from intaglio.networks.progress import Progress, ignored
from intaglio.networks.tiles import Rect
from intaglio.priors import patches
from intaglio.priors.prior import Control
from intaglio.priors.sd_prior import StableDiffusionPrior
from intaglio.priors.unet import CompactPrior


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
        """`patches.draw` by the prior; `realism` acts on latents only where a codec says so."""
        control = replace(control, base=control.base.float())
        return patches.draw(self.prior, control, q, steps, noise, self.tile, part, progress, self.order)

    def hold(self, x: torch.Tensor, prompt: Prompt, realism: float = 1.0) -> torch.Tensor:
        """A drawn picture (B, 3, H, W) held to the base picture: its low band is the base picture's."""
        return hold_low_band(x, prompt)
