"""A codec's networks with a part of the decoder knocked out: what `ablate` draws with in place of the whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch

from intaglio.codecs.diffusion_codec import DiffusionCodec
from intaglio.compressor.prompt import Prompt
from intaglio.entropy.learned.coded import Coded
from intaglio.networks.progress import Progress, ignored
from intaglio.networks.tiles import Rect
from intaglio.priors.prior import Control

Steer = Callable[[DiffusionCodec, Coded, Prompt, torch.Tensor], Control]
"""Networks, decoded tensors, prompt and qualities (B,) to what steers the prior."""


def without_branch(networks: DiffusionCodec, c: Coded, prompt: Prompt, q: torch.Tensor) -> Control:
    """CGDM: no features of the base at any level; the denoiser's own as they are."""
    control = networks.control(c, prompt, q)
    return replace(control, maps=[m * 0 for m in control.maps], scales=[s * 0 for s in control.scales])


def fixed_gates(networks: DiffusionCodec, c: Coded, prompt: Prompt, q: torch.Tensor) -> Control:
    """CGDM: the syntax says nothing to the gates; the synthesis keeps it."""
    return networks.control(replace(c, vector=torch.zeros_like(c.vector)), prompt, q)


def without_prompt(networks: DiffusionCodec, c: Coded, prompt: Prompt, q: torch.Tensor) -> Control:
    """FaSDiff: the compressor's features and packets steer nothing; the base latent stays the start."""
    blank = replace(prompt, fine=prompt.fine * 0, coarse=prompt.coarse * 0, packets=prompt.packets * 0)
    return networks.control(c, blank, q)


def without_low(networks: DiffusionCodec, c: Coded, prompt: Prompt, q: torch.Tensor) -> Control:
    """FaSDiff: no low-frequency enhancement of the denoiser."""
    return networks.control(replace(c, lf=torch.zeros_like(c.lf)), prompt, q)


class Knockout(DiffusionCodec):
    """The networks of `whole`, steered by `steer` where it is given; without `diffusion` the base latent is what is drawn."""

    def __init__(self, whole: DiffusionCodec, steer: Steer | None = None, diffusion: bool = True) -> None:
        super().__init__(whole.compressor, whole.prior)
        self.whole, self.steer, self.diffusion = whole, steer or type(whole).control, diffusion
        self.tile = whole.tile

    def control(self, c: Coded, prompt: Prompt, q: torch.Tensor) -> Control:
        return self.steer(self.whole, c, prompt, q)

    def completed(self, control: Control, c: Coded) -> Control:
        return self.whole.completed(control, c)

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
        if not self.diffusion:
            return control.base.float()
        return self.whole.draw(control, q, steps, noise, realism, part, progress)

    def hold(self, x: torch.Tensor, prompt: Prompt, realism: float = 1.0) -> torch.Tensor:
        return self.whole.hold(x, prompt, realism)
