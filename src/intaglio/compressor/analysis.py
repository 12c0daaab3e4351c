"""From a picture's wavelet packets and latents to the coded tensors, not yet quantised."""

from __future__ import annotations

import torch
from torch import nn

from intaglio.compressor.config import CompressorConfig
from intaglio.entropy.learned.coded import Coded
from intaglio.networks import packets
from intaglio.networks.blocks import ResBlock, conv3
from intaglio.spaces.lean_encoder import LeanEncoder


class Analysis(nn.Module):
    """High-frequency-sensitive analysis: the high packet bands enter by a branch with a gain of its own.

    The latents z (B, latent, H/8, W/8) are the lean encoder's, or those that it is given.
    """

    def __init__(self, cfg: CompressorConfig) -> None:
        super().__init__()
        self.encoder = LeanEncoder(cfg.encoder, cfg.latent)
        self.latent = conv3(cfg.latent, cfg.fine)
        self.low = nn.Conv2d(3, cfg.fine, 1)
        self.high = conv3(packets.CHANNELS - 3, cfg.fine)
        self.high_gain = nn.Parameter(torch.full((1, packets.CHANNELS - 3, 1, 1), 4.0))
        self.fine = nn.Sequential(*(ResBlock(cfg.fine) for _ in range(cfg.depth)))
        self.down = conv3(cfg.fine, cfg.coarse, 2)
        self.coarse = nn.Sequential(*(ResBlock(cfg.coarse) for _ in range(cfg.depth)))
        self.y = conv3(cfg.coarse, cfg.y)
        self.deep = nn.Sequential(conv3(cfg.coarse, cfg.coarse, 2), ResBlock(cfg.coarse))
        self.lf, self.h = conv3(cfg.coarse, cfg.lf), conv3(cfg.coarse, cfg.h)
        self.vector = vector_analysis(cfg) if cfg.vector else None

    def forward(self, p: torch.Tensor, z: torch.Tensor | None = None) -> Coded:
        return self.finish(*self.spatial(p, z))

    def spatial(self, p: torch.Tensor, z: torch.Tensor | None = None) -> tuple[torch.Tensor, torch.Tensor]:
        """What depends on a part of the picture alone: y (B, y, H/16, W/16), features (B, coarse, H/32, W/32)."""
        f = self.latent(self.encoder(p) if z is None else z) + self.low(p[:, :3]) + self.high(p[:, 3:] * self.high_gain)
        f = self.coarse(self.down(self.fine(f)))
        return self.y(f), self.deep(f)

    def finish(self, y: torch.Tensor, deep: torch.Tensor) -> Coded:
        """All coded tensors, of `spatial`'s."""
        pooled = deep.mean((2, 3))
        vector = pooled[:, :0] if self.vector is None else self.vector(pooled)
        return Coded(self.lf(deep), self.h(deep), vector[:, :, None, None], y)


def vector_analysis(cfg: CompressorConfig) -> nn.Sequential:
    """Pooled features (B, coarse) to the vector (B, vector)."""
    return nn.Sequential(nn.Linear(cfg.coarse, cfg.coarse), nn.ReLU(), nn.Linear(cfg.coarse, cfg.vector))
