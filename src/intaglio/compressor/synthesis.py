"""From decoded tensors to what diffusion starts from and is steered by: the visual prompt, and two base results."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from intaglio.compressor.config import CompressorConfig
from intaglio.compressor.prompt import Prompt
from intaglio.entropy.learned.coded import Coded
from intaglio.networks import packets
from intaglio.networks.blocks import Embedding, ResBlock, Up, conv3


class Synthesis(nn.Module):
    """Decoded tensors and quality to the visual prompt and both heads. Part of the frozen stream.

    This is the plain one, which has no use for the vector; a codec may override `finish`.
    """

    def __init__(self, cfg: CompressorConfig) -> None:
        super().__init__()
        self.quality = Embedding(cfg.cond, 0, 1)
        self.deep = nn.Sequential(conv3(cfg.lf + cfg.h, cfg.coarse), nn.ReLU(), Up(cfg.coarse, cfg.coarse))
        self.y = conv3(cfg.y, cfg.coarse)
        self.coarse = nn.ModuleList(ResBlock(cfg.coarse, cfg.cond) for _ in range(cfg.depth))
        self.up = Up(cfg.coarse, cfg.fine)
        self.fine = nn.ModuleList(ResBlock(cfg.fine, cfg.cond) for _ in range(cfg.depth))
        self.latent = conv3(cfg.fine, cfg.latent)
        self.packets = conv3(cfg.fine, packets.CHANNELS)
        self.thumbnail = nn.Conv2d(cfg.lf, 3, 1)

    def finish(self, fine: torch.Tensor, c: Coded) -> torch.Tensor:
        """The features (B, fine, H/8, W/8) that both heads see."""
        return fine

    def forward(self, c: Coded, q: torch.Tensor) -> Prompt:
        cond = self.quality(q)
        coarse = self.deep(torch.cat([c.lf, c.h], 1)) + self.y(c.y)
        for block in self.coarse:
            coarse = block(coarse, cond)
        fine = self.up(coarse)
        for block in self.fine:
            fine = block(fine, cond)
        fine = self.finish(fine, c)
        p = self.packets(fine)
        low = F.interpolate(self.thumbnail(c.lf), scale_factor=4, mode="bilinear")
        p = torch.cat([p[:, :3] + low, p[:, 3:]], 1)
        return Prompt(fine, coarse, self.latent(fine), p, cond)
