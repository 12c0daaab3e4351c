"""Sizes of the compressor."""

from __future__ import annotations

from dataclasses import dataclass

from intaglio.spaces.taef2 import CHANNELS


@dataclass(frozen=True)
class CompressorConfig:
    """Sizes of the compressor."""

    fine: int = 128  # channels of the transforms at 1/8
    coarse: int = 192  # channels at 1/16 and 1/32
    depth: int = 3  # residual blocks at 1/8 and at 1/16
    y: int = 96  # coded channels at 1/16
    h: int = 32  # coded channels at 1/32, the hyperprior
    lf: int = 16  # coded channels at 1/32, the spatial low-frequency part
    vector: int = 0  # coded numbers for the whole picture; 0: none
    width: int = 128  # of the entropy nets
    cond: int = 128  # condition vector: quality, and what a codec adds
    encoder: int = 128  # channels of the lean encoder
    latent: int = CHANNELS  # channels of the latent space
