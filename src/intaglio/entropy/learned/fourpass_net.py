"""The entropy model of one coded tensor, as it is trained: quantisation around a predicted mean, in four passes.

Each pass codes, at every position, one of four channel groups; which one depends on the position's parity, so that
after the first pass every position knows a quarter of its channels and of each neighbour's:

        pass:        0        1        2        3
        parities   [0 1]    [1 2]    [2 3]    [3 0]      number = channel group coded at that parity
                   [2 3]    [3 0]    [0 1]    [1 2]

In every pass a small pointwise-deep net sees the side features and the values decoded so far, and gives mean and
scale of the group to be coded. Everything is in *units of the tensor*; a gain (steps per unit) turns them into symbols:

    symbol = round(y * gain - mean * gain),   y_hat = (symbol + mean * gain) / gain

`intaglio.entropy.fourpass` runs the same nets in integers; nothing here may be added that it does not do too
(ReLU clipped at LIMIT, no norms, no divisions by data).
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from intaglio.entropy.learned.gain import Gain

LIMIT = 128.0  # activations and values are clipped to +-LIMIT units
SCALES = 64  # scale indices; index 0 means: not sent, the symbol is 0
SIGMA_0 = 0.11  # standard deviation, in steps, at index 0
OCTAVE = 6  # indices per doubling of the standard deviation
LOWEST = -18  # index that training may go down to: uniform noise must cost next to nothing where nothing is sent


def clipped_relu(x: torch.Tensor) -> torch.Tensor:
    return x.clamp(0, LIMIT)


def masks(c: int, h: int, w: int, device: torch.device | str = "cpu") -> torch.Tensor:
    """(4, c, h, w) booleans: what each pass codes."""
    parity = (torch.arange(h, device=device) % 2)[:, None] * 2 + (torch.arange(w, device=device) % 2)[None]
    group = torch.arange(c, device=device) * 4 // c
    return torch.stack([group[:, None, None] == (parity + p) % 4 for p in range(4)])


def bits(residual: torch.Tensor, index: torch.Tensor) -> torch.Tensor:
    """Information of `residual` (in steps) under a zero-mean Gaussian of (fractional) scale `index`, per element, in bits."""
    sigma = SIGMA_0 * 2 ** (index.clamp(LOWEST, SCALES - 1) / OCTAVE)
    r = residual.abs()
    upper, lower = torch.special.ndtr((0.5 - r) / sigma), torch.special.ndtr((-0.5 - r) / sigma)
    return -torch.log2((upper - lower).clamp_min(1e-9))


Round = Callable[[torch.Tensor], torch.Tensor]
"""Residuals in steps to symbols, or to something near them with a gradient."""


def straight_through(residual: torch.Tensor) -> torch.Tensor:
    """Rounded, with the gradient of the unrounded."""
    return residual + (residual.round() - residual).detach()


class FourPassNet(nn.Module):
    """Entropy model of a tensor with `c` channels, given side features of `side` channels and quality.

    Args:
        c: channels, a multiple of 4. side: channels of the side features, 0 for none. width: of the nets.
        gains: steps per unit at the lowest and the highest quality, initially.
    """

    def __init__(self, c: int, side: int, width: int, gains: tuple[float, float]) -> None:
        super().__init__()
        self.c = c
        self.gain = Gain(c, *gains)
        self.quality = nn.Sequential(nn.Linear(3, 32), nn.ReLU(), nn.Linear(32, width))  # becomes a table of 256 rows
        self.side = nn.Conv2d(side, width, 1) if side else None
        self.context = nn.ModuleList(nn.Conv2d(c, width, 3, 1, 1) for _ in range(3))
        self.hidden = nn.ModuleList(nn.Conv2d(width, width, 1) for _ in range(4))
        self.out = nn.ModuleList(nn.Conv2d(width, 2 * c, 1) for _ in range(4))
        with torch.no_grad():
            for parameter in self.out.parameters():
                parameter.mul_(0.1)

    def quality_features(self, q: torch.Tensor) -> torch.Tensor:
        # In fp32 also in training: it becomes a table, and where it was fitted to one, its terms cancel.
        with torch.autocast(q.device.type, enabled=False):
            out: torch.Tensor = self.quality(torch.stack([q, q * q, (1 - q) ** 2], 1).float())
        return out

    def parameters_of(self, p: int, features: torch.Tensor, y_hat: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Mean (units) and scale (indices for a gain of 1) of all channels in pass p, from what is decoded before it."""
        f = clipped_relu(features + self.context[p - 1](y_hat)) if p else clipped_relu(features)
        f = clipped_relu(self.hidden[p](f))
        mean, scale = self.out[p](f).float().chunk(2, 1)
        return mean, scale * OCTAVE

    def features(self, side: torch.Tensor | None, q: torch.Tensor, h: int, w: int) -> torch.Tensor:
        bias = self.quality_features(q)[:, :, None, None]
        return bias.expand(-1, -1, h, w) if self.side is None else self.side(side) + bias

    def forward(
        self,
        y: torch.Tensor,
        side: torch.Tensor | None,
        q: torch.Tensor,
        rounding: Round = straight_through,
        local: torch.Tensor | None = None,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Quantise y (B, c, h, w) by `rounding` and count its bits: (y_hat, bits (B,)).

        In training the count sees uniform noise in place of rounding, which has a gradient. Steps are those of quality q
        (B,), or of `local` (B, h, w), position by position.
        """
        y = y.float().clamp(-LIMIT, LIMIT)
        if local is None:
            log_gain = self.gain(q)[:, :, None, None]
        else:
            log_gain = self.gain(local.flatten()).unflatten(0, local.shape).movedim(3, 1)
        gain, offset = log_gain.exp(), log_gain * (OCTAVE / 0.6931471805599453)
        features = self.features(side, q, y.shape[2], y.shape[3])
        y_hat, symbols, means, scales = (torch.zeros_like(y) for _ in range(4))
        for p, mask in enumerate(masks(self.c, y.shape[2], y.shape[3], y.device)):
            mean, scale = self.parameters_of(p, features, y_hat)
            means, scales = torch.where(mask, mean, means), torch.where(mask, scale, scales)
            rounded = rounding((y - mean) * gain)
            symbols = torch.where(mask, rounded, symbols)
            y_hat = torch.where(mask, rounded / gain + mean, y_hat)
        counted = (y - means) * gain + torch.rand_like(y) - 0.5 if self.training else symbols
        return y_hat, self.count(counted, scales + offset).sum((1, 2, 3))

    def step(self, q: torch.Tensor) -> torch.Tensor:
        """The quantiser's step (B, c, 1, 1) of each channel at qualities q (B,), in units of the tensor."""
        out: torch.Tensor = self.gain(q).neg().exp()[:, :, None, None]
        return out

    def count(self, residual: torch.Tensor, index: torch.Tensor) -> torch.Tensor:
        """`bits`; a twin that searches rather than learns counts otherwise (see `thaw`)."""
        return bits(residual, index)
