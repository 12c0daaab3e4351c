"""A latent space's own decoder where others have a lean one: nothing in it is trained or stored."""

from __future__ import annotations

from torch import Tensor, nn

from intaglio.spaces.space import LatentSpace


class SpaceDecoder(nn.Module):
    """Normalised latent (B, C, h, w) -> picture (B, 3, factor h, factor w), not clamped; gradients pass."""

    def __init__(self, space: LatentSpace) -> None:
        super().__init__()
        self.decode = space.decode

    def forward(self, z: Tensor) -> Tensor:
        return self.decode(z, max(z.shape[2:]), clamp=False)
