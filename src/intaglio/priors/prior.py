"""What a diffusion prior is to the codecs: a denoiser of latents, and what steers it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from intaglio.networks.tiles import Rect

if TYPE_CHECKING:
    import torch


@dataclass
class Control:
    """What steers the prior; the levels are the compact prior's, others take maps as their own file says."""

    maps: list[torch.Tensor]  # added before the blocks of 1/8, 1/16, 1/32
    scales: list[torch.Tensor]  # one plus these scale the features there
    cond: torch.Tensor  # (B, cond), or tokens (B, n, width): of the whole picture
    base: torch.Tensor  # (B, C, h, w) an estimate of the clean latent
    precision: torch.Tensor | None = None  # (B, C) its inverse error variance, for a prior that goes by it

    def window(self, place: Rect) -> Control:
        """The control of a part of the latent, its sides and place multiples of 4; global fields stay."""

        def cut(x: torch.Tensor, level: int = 0) -> torch.Tensor:
            return x if x.shape[2:] == (1, 1) else Rect(*(side >> level for side in place)).cut(x)

        maps, scales = ([cut(x, level) for level, x in enumerate(xs)] for xs in (self.maps, self.scales))
        return Control(maps, scales, self.cond, cut(self.base), self.precision)


class Prior(Protocol):
    """x-prediction: the expected clean latent of a noisy one."""

    @property
    def channels(self) -> int:
        """Of its latents."""

    def denoise(self, z: torch.Tensor, sigma: torch.Tensor, control: Control | None = None) -> torch.Tensor:
        """Noisy latents (B, C, h, w), h and w multiples of 4, and noise levels sigma (B,) to the expected clean ones."""
