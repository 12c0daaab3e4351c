"""The lean encoder: from a picture's wavelet packets to its latents for a ninth of the reference encoder's work.

    p (B, 192, h, w), packets  -->  128 channels at 1/8, five residual blocks  -->  z (B, C, h, w), normalised

Packets hold all of an 8x8 block, and a codec's analysis sees them anyway; so nothing has to be computed at full size.
3.5 GFLOP for a 256x256 picture, the reference 31. What it misses of a face's latents is small beside what coding takes; it
is part of each codec's analysis, and trained along with it.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from intaglio.networks import packets
from intaglio.networks.blocks import ResBlock, conv3

BLOCKS = 5
REACH = 2 + 2 * BLOCKS
"""Latents: a latent depends on no packet further than this from its own."""


class LeanEncoder(nn.Module):
    """Packets (B, 192, h, w) of a picture less 0.5 to normalised latents (B, latent, h, w), by blocks of `width` channels."""

    def __init__(self, width: int, latent: int) -> None:
        super().__init__()
        gain = torch.full((1, packets.CHANNELS, 1, 1), 4.0)
        gain[:, :3] = 0.5  # means are some units, all else some tenths
        self.gain = nn.Parameter(gain)
        self.stem = conv3(packets.CHANNELS, width)
        self.blocks = nn.Sequential(*(ResBlock(width) for _ in range(BLOCKS)))
        self.head = conv3(width, latent)

    def forward(self, p: Tensor) -> Tensor:
        out: Tensor = self.head(self.blocks(self.stem(p * self.gain.to(p.dtype))))
        return out
