"""The picture that is being coded, at every coded scale; what is made of it is made once."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from intaglio import image
from intaglio.entropy.stream import STRIDE
from intaglio.networks import packets
from intaglio.spaces.space import LatentSpace

WINDOW = 128  # latents a side that pixels are coded and drawn by
Tensors = dict[str, NDArray[np.float32]]
"""Coded tensors of one picture by name, each (C, h, w), in units."""


class Original:
    """A picture (H, W, 3) uint8 with its packets and latents, of any codec; one thread's."""

    def __init__(self, rgb: image.Rgb, device: torch.device, *, grey: bool = False) -> None:
        self.rgb, self.device, self.grey = rgb, device, grey
        self.hurry = False  # once a user would not wait for a refinement, there is no other
        self.analysed: dict[tuple[str, int], Tensors] = {}  # by a codec's weights and coded scale
        self._packets: dict[int, torch.Tensor] = {}
        self._latents: dict[tuple[str, int], torch.Tensor] = {}  # by space and coded scale

    def picture(self, scale: int) -> torch.Tensor:
        """(1, 3, H, W) in 0..1, padded, at a coded scale."""
        rgb = image.pad(image.shrink(self.rgb, scale), STRIDE)
        x = torch.from_numpy(np.ascontiguousarray(rgb)).to(self.device).permute(2, 0, 1)[None]
        return x.to(torch.float32).contiguous(memory_format=torch.channels_last) / 255

    def packets(self, scale: int) -> torch.Tensor:
        """Packets (1, 192, h, w) at a coded scale."""
        if scale not in self._packets:
            self._packets[scale] = packets.analyse(self.picture(scale) - 0.5)
        return self._packets[scale]

    @torch.no_grad()
    def latent(self, scale: int, space: LatentSpace) -> torch.Tensor:
        """Latent (1, C, h, w) by the reference encoder."""
        key = space.name, scale
        if key not in self._latents:
            self._latents[key] = space.encode(self.picture(scale), WINDOW)
        return self._latents[key]
