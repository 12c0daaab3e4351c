"""The compressor: a picture's wavelet packets to the coded tensors, and back to the visual prompt.

    packets (192, 1/8) ──LeanEncoder──► z (32, 1/8)
    z, packets         ──Analysis─────► y (1/16)   h (1/32)   lf (1/32)   vector (global)
                                          │ quantised: order lf, h, vector, y (FourPass)
    features (1/8, 1/16), base latent, base picture ◄──Synthesis── y_hat, h_hat, lf_hat, vector_hat, quality

`lf` and `h` are the hyperprior; `lf` also carries a thumbnail. `vector` is a few numbers for the whole picture,
predicted from the pooled hyperprior: CGDM's syntax; FaSDiff has none. The analysis does not know the quality,
so that a target size is searched by re-quantising alone. Two heads on one synthesis give the base latent (sharp, where
diffusion starts) and the base picture as wavelet packets (faithful, `realism` 0).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

from intaglio.entropy.learned.fourpass_net import FourPass, clipped_relu
from intaglio.networks import packets
from intaglio.networks.blocks import Embedding, ResBlock, Up, conv3
from intaglio.spaces.lean_encoder import LeanEncoder


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


@dataclass
class Coded:
    """The four coded tensors of a batch, before (analysis) or after (decoding) quantisation."""

    lf: torch.Tensor  # (B, lf, H/32, W/32)
    h: torch.Tensor  # (B, h, H/32, W/32)
    vector: torch.Tensor  # (B, vector, 1, 1)
    y: torch.Tensor  # (B, y, H/16, W/16)


@dataclass
class Prompt:
    """What the synthesis gives the diffusion: the visual prompt, and the two base results."""

    fine: torch.Tensor  # (B, fine, H/8, W/8)
    coarse: torch.Tensor  # (B, coarse, H/16, W/16)
    latent: torch.Tensor  # (B, 32, H/8, W/8) base latent
    packets: torch.Tensor  # (B, 192, H/8, W/8) base picture, wavelet packets of x - 1/2
    cond: torch.Tensor  # (B, cond) quality, and what a codec adds


class Analysis(nn.Module):
    """High-frequency-sensitive analysis: the high packet bands enter by a branch with a gain of its own.

    The latents z (B, 32, H/8, W/8) are the lean encoder's, or those that it is given.
    """

    def __init__(self, cfg: CompressorConfig) -> None:
        super().__init__()
        self.encoder = LeanEncoder(cfg.encoder)
        self.latent = conv3(32, cfg.fine)
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


class Synthesis(nn.Module):
    """Decoded tensors and quality to the visual prompt and both heads. Part of the frozen stream.

    This is the plain one, which has no use for the vector; a codec overrides `condition` or `finish`.
    """

    def __init__(self, cfg: CompressorConfig) -> None:
        super().__init__()
        self.quality = Embedding(cfg.cond, 0, 1)
        self.deep = nn.Sequential(conv3(cfg.lf + cfg.h, cfg.coarse), nn.ReLU(), Up(cfg.coarse, cfg.coarse))
        self.y = conv3(cfg.y, cfg.coarse)
        self.coarse = nn.ModuleList(ResBlock(cfg.coarse, cfg.cond) for _ in range(cfg.depth))
        self.up = Up(cfg.coarse, cfg.fine)
        self.fine = nn.ModuleList(ResBlock(cfg.fine, cfg.cond) for _ in range(cfg.depth))
        self.latent = conv3(cfg.fine, 32)
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


class Compressor(nn.Module):
    """Analysis, the entropy models and synthesis. `lean_encoder`: whose latents the analysis goes by, its own or given ones."""

    def __init__(self, cfg: CompressorConfig, synthesis: Synthesis | None = None, *, lean_encoder: bool = True) -> None:
        super().__init__()
        self.cfg, self.lean_encoder = cfg, lean_encoder
        self.analysis = Analysis(cfg)
        self.lf_model = FourPass(cfg.lf, 0, cfg.width // 2, (0.5, 8))
        self.h_side = nn.Conv2d(cfg.lf, cfg.width // 2, 3, 1, 1)
        self.h_model = FourPass(cfg.h, cfg.width // 2, cfg.width // 2, (0.5, 8))
        if cfg.vector:
            self.vector_model = FourPass(cfg.vector, cfg.lf + cfg.h, cfg.width // 2, (2, 4))
        self.y_side = nn.ModuleList(
            [nn.Conv2d(cfg.lf + cfg.h, cfg.width, 3, 1, 1), nn.Conv2d(cfg.width, 4 * cfg.width, 1)]
        )
        self.y_model = FourPass(cfg.y, cfg.width, cfg.width, (0.5, 10))
        self.synthesis = synthesis or Synthesis(cfg)

    def forward(
        self, z: torch.Tensor, p: torch.Tensor, q: torch.Tensor, local: torch.Tensor | None = None
    ) -> tuple[Coded, Prompt, dict[str, torch.Tensor]]:
        """Latents and packets through quantisation: (decoded tensors, prompt, bits per picture of every section)."""
        hats, bits = self.quantise(self.analyse(z, p), q, local)
        return hats, self.synthesis(hats, q), bits

    def analyse(self, z: torch.Tensor, p: torch.Tensor) -> Coded:
        """Of reference latents z and packets p; the first only if the lean encoder's do not serve."""
        coded: Coded = self.analysis(p, None if self.lean_encoder else z)
        return coded

    def quantise(
        self, c: Coded, q: torch.Tensor, local: torch.Tensor | None = None
    ) -> tuple[Coded, dict[str, torch.Tensor]]:
        """`local`: qualities (B, H/16, W/16) by which y's steps go in place of q (a focus)."""
        lf, lf_bits = self.lf_model(c.lf, None, q)
        h, h_bits = self.h_model(c.h, self.side_of_h(lf), q)
        hyper = torch.cat([lf, h], 1)
        vector, vector_bits = c.vector, torch.zeros_like(h_bits)
        if self.cfg.vector:
            vector, vector_bits = self.vector_model(c.vector, hyper.mean((2, 3), keepdim=True), q)
        y, y_bits = self.y_model(c.y, self.side_of_y(hyper), q, local=local)
        return Coded(lf, h, vector, y), {"lf": lf_bits, "h": h_bits, "vector": vector_bits, "y": y_bits}

    def keep_transforms(self) -> None:
        """Keep analysis and synthesis alone: in files, the entropy models run as integers (`Stream`)."""
        for name in ("lf_model", "h_side", "h_model", "vector_model", "y_side", "y_model"):
            if hasattr(self, name):
                delattr(self, name)

    def side_of_h(self, lf: torch.Tensor) -> torch.Tensor:
        return clipped_relu(self.h_side(lf))

    def side_of_y(self, hyper: torch.Tensor) -> torch.Tensor:
        f = clipped_relu(self.y_side[0](hyper))
        return clipped_relu(F.pixel_shuffle(self.y_side[1](f), 2))
