"""The compact prior: a U-Net over latents with attention at 1/32, a few million parameters, trained by us on faces.

    1/8   conv ─ block×d ──────────────────────────────── block×d ─ conv
    1/16       └─down─ block×d ──────────────── block×d ─up┘
    1/32                   └─down─ (block, attention)×d ─up┘

It predicts the clean latent from a noisy one (x-prediction, unit-variance latents, sigma the noise's standard deviation).
No norms over space; attention is position-free but for depthwise convolutions around it, so any size works. `Control`
(maps to add before each level, a condition vector) steers it; without, it draws faces on its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import torch
import torch.nn.functional as F
from torch import nn

from intaglio.networks.blocks import Embedding, ResBlock, Up, conv3
from intaglio.priors.prior import Control
from intaglio.spaces.taef2 import CHANNELS

LOG_SIGMA = (-4.0, 3.0)  # natural logarithm of the noise levels it can be told


@dataclass(frozen=True)
class PriorConfig:
    """Sizes of the prior."""

    fine: int = 96  # channels at 1/8
    coarse: int = 112  # channels at 1/16
    deep: int = 144  # channels at 1/32
    depth: int = 2  # blocks at each level, each way
    heads: int = 8  # of attention at 1/32
    cond: int = 128  # condition vector: noise level, and quality through control
    latent: int = CHANNELS  # channels of the latent space


class Attention(nn.Module):
    """Self-attention over positions; cosine similarity, so that it stays bounded."""

    def __init__(self, c: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.position = nn.Conv2d(c, c, 3, 1, 1, groups=c)
        self.qkv, self.out = nn.Conv2d(c, 3 * c, 1), nn.Conv2d(c, c, 1)
        self.temperature = nn.Parameter(torch.full((heads, 1, 1), 2.0))
        with torch.no_grad():
            self.position.weight.zero_()
            assert self.position.bias is not None and self.out.bias is not None
            self.position.bias.zero_()
            self.out.weight.mul_(0.1)
            self.out.bias.zero_()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        b, c, h, w = x.shape

        def split(t: torch.Tensor) -> torch.Tensor:
            return t.reshape(b, self.heads, c // self.heads, -1).transpose(2, 3)  # (B, heads, n, d)

        q, k, v = (split(t.flatten(2)) for t in self.qkv(x + self.position(x)).chunk(3, 1))
        q = F.normalize(q.float(), dim=-1) * self.temperature.exp()
        k = F.normalize(k.float(), dim=-1)
        out = F.scaled_dot_product_attention(q.to(v.dtype), k.to(v.dtype), v, scale=1.0)
        return x + self.out(out.transpose(2, 3).reshape(b, c, h, w))


def _blocks(c: int, cfg: PriorConfig) -> nn.ModuleList:
    return nn.ModuleList(ResBlock(c, cfg.cond) for _ in range(cfg.depth))


class CompactPrior(nn.Module):
    """x-prediction denoiser D(z_t, sigma; control) of normalised latents; a `Prior`."""

    def __init__(self, cfg: PriorConfig) -> None:
        super().__init__()
        self.cfg = cfg
        widths = (cfg.fine, cfg.coarse, cfg.deep)
        self.sigma = Embedding(cfg.cond, *LOG_SIGMA)
        self.stem = conv3(cfg.latent, cfg.fine)
        self.down = nn.ModuleList(conv3(a, b, 2) for a, b in zip(widths, widths[1:]))
        self.left = nn.ModuleList(_blocks(c, cfg) for c in widths)
        self.attention = nn.ModuleList(Attention(cfg.deep, cfg.heads) for _ in range(cfg.depth))
        self.up = nn.ModuleList(Up(b, a, 1) for a, b in zip(widths, widths[1:]))
        self.right = nn.ModuleList(_blocks(c, cfg) for c in widths[:2])
        self.head = conv3(cfg.fine, cfg.latent)

    @property
    def channels(self) -> int:
        return self.cfg.latent

    def denoise(self, z: torch.Tensor, sigma: torch.Tensor, control: Control | None = None) -> torch.Tensor:
        """See `forward`."""
        out: torch.Tensor = self(z, sigma, control)
        return out

    def forward(self, z: torch.Tensor, sigma: torch.Tensor, control: Control | None = None) -> torch.Tensor:
        """Noisy latents (B, C, h, w), h and w multiples of 4, and sigma (B,) to the expected clean latents.

        The output is anchor + deviation * F(.): the mean and standard deviation of the clean latent given the noisy
        one, the unit Gaussian of all latents and, with control, the base. Without control these are EDM's factors
        (Karras et al. 2022, eq. 7, sigma_data 1).
        """
        s = sigma.float()[:, None, None, None]
        cond = self.sigma(sigma.float().log().clamp(*LOG_SIGMA))
        if control is not None:
            cond = cond + control.cond
        out = self.trunk(z * (1 + s * s).rsqrt().to(z.dtype), F.silu(cond), control).float()
        evidence, precision = z.float() / (s * s), 1 + 1 / (s * s)
        if control is not None and control.precision is not None:
            own = control.precision.float()[:, :, None, None]
            evidence, precision = evidence + control.base.float() * own, precision + own
        return evidence / precision + out * precision.rsqrt()

    def trunk(self, x: torch.Tensor, cond: torch.Tensor, control: Control | None) -> torch.Tensor:
        """F(.): latents (B, C, h, w) of unit variance and the condition vector (B, cond) to (B, C, h, w)."""
        x, skips = self.stem(x), []
        for level in range(3):
            if level:
                skips.append(x)
                x = self.down[level - 1](x)
            if control is not None:
                x = torch.addcmul(x + control.maps[level], x, control.scales[level])
            for i, block in enumerate(cast("nn.ModuleList", self.left[level])):
                x = block(x, cond)
                if level == 2:
                    x = self.attention[i](x)
        for level in (1, 0):
            x = self.up[level](x) + skips[level]
            for block in cast("nn.ModuleList", self.right[level]):
                x = block(x, cond)
        out: torch.Tensor = self.head(x)
        return out
