"""Forms of compressor, prior and optimiser that were tried beside those in use (`measure_forms.py`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import nn

from intaglio.compressor.compressor import Compressor, CompressorConfig
from intaglio.entropy.learned.fourpass_net import FourPass, clipped_relu
from intaglio.networks.blocks import ResBlock, Up, conv3
from intaglio.priors.unet import Attention, CompactPrior, Control, PriorConfig

# --- Compressors ----------------------------------------------------------------------------------------------------


class CoarseCompressor(Compressor):
    """y at 1/32 in place of 1/16, with four times the channels: as many numbers, in larger blocks."""

    def __init__(self, cfg: CompressorConfig) -> None:
        super().__init__(cfg)
        channels = 4 * cfg.y
        self.analysis.y = conv3(cfg.coarse, channels, 2)
        self.synthesis.y = cast("nn.Conv2d", Up(channels, cfg.coarse))
        self.y_side = nn.ModuleList([nn.Conv2d(cfg.lf + cfg.h, cfg.width, 3, 1, 1), nn.Conv2d(cfg.width, cfg.width, 1)])
        self.y_model = FourPass(channels, cfg.width, cfg.width, (0.5, 10))

    def side_of_y(self, hyper: torch.Tensor) -> torch.Tensor:
        return clipped_relu(self.y_side[1](clipped_relu(self.y_side[0](hyper))))


# --- Priors ---------------------------------------------------------------------------------------------------------


class TransformerBlock(nn.Module):
    """Attention and an MLP over positions, modulated by the condition; norms are over channels alone."""

    def __init__(self, c: int, cfg: PriorConfig) -> None:
        super().__init__()
        self.attention = Attention(c, cfg.heads)
        self.film = nn.Linear(cfg.cond, 2 * c)
        self.wide, self.narrow = nn.Conv2d(c, 4 * c, 1), nn.Conv2d(4 * c, c, 1)
        with torch.no_grad():
            self.narrow.weight.mul_(0.1)
            self.film.weight.zero_()
            self.film.bias.zero_()

    def forward(self, x: torch.Tensor, cond: torch.Tensor) -> torch.Tensor:
        x = self.attention(x)
        h = F.layer_norm(x.movedim(1, -1).float(), x.shape[1:2]).movedim(-1, 1).to(x.dtype)
        scale, shift = self.film(cond)[:, :, None, None].chunk(2, 1)
        return x + self.narrow(F.gelu(self.wide(torch.addcmul(shift, h, 1 + scale))))


def steering(control: Control, merges: nn.ModuleList) -> torch.Tensor:
    """Control maps of all three levels as one at 1/16: patches of the first, the second, and the third enlarged."""
    fine, coarse, deep = control.maps
    out: torch.Tensor = merges[0](F.pixel_unshuffle(fine, 2)) + merges[1](coarse)
    return out + F.interpolate(merges[2](deep), scale_factor=2)


def merging(c: int, cfg: PriorConfig) -> nn.ModuleList:
    return nn.ModuleList(nn.Conv2d(i, c, 1) for i in (4 * cfg.fine, cfg.coarse, cfg.deep))


class TransformerPrior(CompactPrior):
    """Patches of 2x2 latents, a plain transformer, patches back (Peebles and Xie 2023, DiT, in its outline)."""

    def __init__(self, cfg: PriorConfig, c: int = 192, depth: int = 7) -> None:
        super().__init__(cfg)
        for name in ("down", "left", "attention", "up", "right"):
            delattr(self, name)
        self.stem, self.head = nn.Conv2d(128, c, 1), nn.Conv2d(c, 128, 1)
        self.merges = merging(c, cfg)
        self.blocks = nn.ModuleList(TransformerBlock(c, cfg) for _ in range(depth))

    def trunk(self, x: torch.Tensor, cond: torch.Tensor, control: Control | None) -> torch.Tensor:
        x = self.stem(F.pixel_unshuffle(x, 2))
        if control is not None:
            x = x + steering(control, self.merges)
        for block in self.blocks:
            x = block(x, cond)
        return F.pixel_shuffle(self.head(x), 2)


class HybridPrior(CompactPrior):
    """One residual block each way at 1/8, a transformer at 1/16 between them."""

    def __init__(self, cfg: PriorConfig, c: int = 160, depth: int = 4) -> None:
        super().__init__(cfg)
        for name in ("down", "left", "attention", "up", "right"):
            delattr(self, name)
        self.before, self.after = ResBlock(cfg.fine, cfg.cond), ResBlock(cfg.fine, cfg.cond)
        self.down, self.up = conv3(cfg.fine, c, 2), Up(c, cfg.fine, 1)
        self.merges = merging(c, cfg)
        self.blocks = nn.ModuleList(TransformerBlock(c, cfg) for _ in range(depth))

    def trunk(self, x: torch.Tensor, cond: torch.Tensor, control: Control | None) -> torch.Tensor:
        x = self.stem(x)
        if control is not None:
            x = torch.addcmul(x + control.maps[0], x, control.scales[0])
        skip = x = self.before(x, cond)
        x = self.down(x)
        if control is not None:
            x = x + steering(control, self.merges)
        for block in self.blocks:
            x = block(x, cond)
        return cast("torch.Tensor", self.head(self.after(self.up(x) + skip, cond)))


# --- Optimiser ------------------------------------------------------------------------------------------------------


def orthogonal(g: torch.Tensor) -> torch.Tensor:
    """Nearly the orthogonal factor of a matrix: Newton and Schulz's iteration with Jordan's coefficients."""
    x = g / (g.norm() + 1e-7)
    x = x.T if len(g) > g.shape[1] else x
    for _ in range(5):
        a = x @ x.T
        x = 3.4445 * x + (-4.775 * a + 2.0315 * a @ a) @ x
    return x.T if len(g) > g.shape[1] else x


class Muon(torch.optim.Optimizer):
    """Momentum made orthogonal for matrices and convolutions of 16 and more each way, Adam for all else (Jordan 2024).

    Steps are scaled to the root mean square of Adam's (Liu et al. 2025), so that one rate serves both.
    """

    def __init__(self, parameters: list[nn.Parameter], lr: float) -> None:
        matrices = [p for p in parameters if p.dim() > 1 and min(len(p), p[0].numel()) >= 16]
        rest = [p for p in parameters if p.dim() <= 1 or min(len(p), p[0].numel()) < 16]
        super().__init__([{"params": rest}, {"params": matrices}], {"lr": lr})
        self.adam = torch.optim.AdamW(rest, lr=lr, betas=(0.9, 0.98), weight_decay=1e-4, fused=True)

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        lr = self.param_groups[1]["lr"]
        self.adam.param_groups[0]["lr"] = self.param_groups[0]["lr"]
        self.adam.step()
        for p in self.param_groups[1]["params"]:
            if p.grad is None:
                continue
            state: dict[str, Any] = self.state[p]
            momentum = state.setdefault("momentum", torch.zeros_like(p)).lerp_(p.grad, 0.05)
            g = p.grad.lerp(momentum, 0.95).flatten(1).float()
            p.mul_(1 - 1e-4 * lr).add_(orthogonal(g).view(p.shape), alpha=-0.2 * lr * max(g.shape) ** 0.5)
