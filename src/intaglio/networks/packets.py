"""Wavelet packets: the complete three-level Haar packet tree of a picture, 8x8 pixels to 64 bands at 1/8 size.

The full Haar packet tree is the Walsh-Hadamard transform of each 8x8 block, here orthonormal and in order of
sequency, so squared errors in packets are squared errors in pixels and band 0 is eight times the block's mean.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F

from intaglio.networks import walsh
from intaglio.networks.walsh import BANDS, CHANNELS, SIDE

__all__ = ["BANDS", "CHANNELS", "MATRIX", "SIDE", "analyse", "synthesise"]

MATRIX = torch.from_numpy(walsh.MATRIX)


def analyse(x: torch.Tensor) -> torch.Tensor:
    """Picture (B, 3, H, W), H and W multiples of 8, to packets (B, 192, H/8, W/8), channel = 3 * band + colour."""
    b, c, h, w = x.shape
    blocks = F.pixel_unshuffle(x, SIDE).reshape(b, c, BANDS, h // SIDE, w // SIDE)
    with torch.autocast(x.device.type, enabled=False):  # bf16 would cost the means two of their eight bits
        return torch.einsum("kp,bcphw->bkchw", MATRIX.to(x), blocks).reshape(b, BANDS * c, h // SIDE, w // SIDE)


def synthesise(p: torch.Tensor) -> torch.Tensor:
    """The inverse of `analyse`."""
    b, k, h, w = p.shape
    with torch.autocast(p.device.type, enabled=False):
        blocks = torch.einsum("kp,bkchw->bcphw", MATRIX.to(p), p.reshape(b, BANDS, k // BANDS, h, w))
    return F.pixel_shuffle(blocks.reshape(b, k, h, w), SIDE)
