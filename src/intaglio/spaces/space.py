"""What a latent space is to the codecs: three properties and two ways."""

from __future__ import annotations

from typing import Protocol

from torch import Tensor


class LatentSpace(Protocol):
    """Between pictures and latents whose channels have mean 0 and variance 1."""

    @property
    def name(self) -> str:
        """Of the space: latents of one name are the same for the same picture."""

    @property
    def channels(self) -> int:
        """Channels of a latent."""

    @property
    def factor(self) -> int:
        """Pixels a latent, each way."""

    def encode(self, x: Tensor, tile: int = ...) -> Tensor:
        """Picture (B, 3, H, W) in [0, 1] -> latent (B, channels, ceil(H/factor), ceil(W/factor)); `tile`: latents a side."""

    def decode(self, z: Tensor, tile: int = ..., clamp: bool = True) -> Tensor:
        """Latent (B, channels, h, w) -> picture (B, 3, factor h, factor w), in [0, 1] unless `clamp` is off."""
