"""The entropy models of a stream as networks with gradients, out of the integers that it is made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import nn

from intaglio.compressor.compressor import Coded
from intaglio.entropy.fixed import ACTIVATION, WEIGHT
from intaglio.entropy.learned.fourpass_net import FourPass, Round, bits, clipped_relu
from intaglio.entropy.stream import MILD, SECTIONS, part


def floats(array: NDArray[Any], bits: int) -> torch.Tensor:
    """Integers with so many fractional bits as numbers."""
    return torch.from_numpy(array.astype(np.float64) / (1 << bits)).float()


def convolution(weights: Mapping[str, NDArray[Any]], name: str) -> nn.Conv2d:
    """The convolution `name` out of its integers."""
    weight = floats(weights[f"{name}.weight"], WEIGHT)
    conv = nn.Conv2d(weight.shape[1], weight.shape[0], weight.shape[2], padding=weight.shape[2] // 2)
    conv.weight.data, conv.bias.data = weight, floats(weights[f"{name}.bias"], ACTIVATION + WEIGHT)  # type: ignore[union-attr]
    return conv


class Table(nn.Module):
    """A row (B, C) for each quality q (B,), a multiple of 1/255."""

    rows: torch.Tensor

    def __init__(self, rows: torch.Tensor) -> None:
        super().__init__()
        self.register_buffer("rows", rows)

    def forward(self, q: torch.Tensor) -> torch.Tensor:
        return self.rows[(q * 255).round().long()]


class ThawedFourPass(FourPass):
    """One tensor's model; its gains and quality features are tables."""

    def __init__(self, weights: Mapping[str, NDArray[Any]]) -> None:
        nn.Module.__init__(self)
        self.c = weights["gain"].shape[1]
        self.gain = Table(floats(weights["gain"], ACTIVATION).log())  # type: ignore[assignment]
        self.rows = Table(floats(weights["quality"], ACTIVATION))
        self.side = convolution(weights, "side") if "side.weight" in weights else None
        self.context = nn.ModuleList(convolution(weights, f"context.{p}") for p in range(3))
        self.hidden = nn.ModuleList(convolution(weights, f"hidden.{p}") for p in range(4))
        self.out = nn.ModuleList(convolution(weights, f"out.{p}") for p in range(4))

    def quality_features(self, q: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.rows(q)
        return out

    def count(self, residual: torch.Tensor, index: torch.Tensor) -> torch.Tensor:
        """Between whole symbols, a mean of theirs: what annealed rounding expects to pay, also where zero is certain."""
        floor = residual.detach().floor()
        return torch.lerp(bits(floor, index), bits(floor + 1, index), residual - floor)


class Thawed(nn.Module):
    """All entropy models of a stream; the tables' fit is replaced by the Gaussians that they are close to."""

    def __init__(self, weights: Mapping[str, NDArray[Any]]) -> None:
        super().__init__()
        self.four = nn.ModuleDict(
            {name: ThawedFourPass(part(weights, name)) for name in SECTIONS if f"{name}.gain" in weights}
        )
        self.h_side = convolution(weights, "h_side")
        self.y_side = nn.Sequential(convolution(weights, "y_side.0"), convolution(weights, "y_side.1"))
        faces = "focus.0.weight" in weights
        self.focus = nn.ModuleList(convolution(weights, f"focus.{k}") for k in range(2)) if faces else None
        self.eval().requires_grad_(False)

    def step(self, name: str, q: torch.Tensor) -> torch.Tensor:
        """The quantiser's step (B, C, 1, 1) of each channel of a tensor, in its units."""
        return cast("ThawedFourPass", self.four[name]).gain(q).neg().exp()[:, :, None, None]

    def forward(self, c: Coded, q: torch.Tensor, rounding: Round) -> tuple[Coded, torch.Tensor]:
        """Tensors through `rounding`: (what the decoder would see, bits (B,))."""
        lf, bits = self.four["lf"](c.lf, None, q, rounding)
        h, more = self.four["h"](c.h, clipped_relu(self.h_side(lf)), q, rounding)
        hyper = torch.cat([lf, h], 1)
        vector = c.vector
        if "vector" in self.four:
            vector, for_vector = self.four["vector"](c.vector, hyper.mean((2, 3), keepdim=True), q, rounding)
            bits = bits + for_vector
        side = clipped_relu(F.pixel_shuffle(self.y_side[1](clipped_relu(self.y_side[0](hyper))), 2))
        y, for_y = self.four["y"](c.y, side, q, rounding, self._local(side, q))
        return Coded(lf, h, vector, y), bits + more + for_y

    @torch.no_grad()
    def _local(self, side: torch.Tensor, q: torch.Tensor) -> torch.Tensor | None:
        """Qualities (B, h, w) of y, multiples of 1/255, as `Stream` has them without a focus."""
        if self.focus is None:
            return None
        face = self.focus[1](clipped_relu(self.focus[0](side)))[:, 0].clamp(0, 1)
        return (q[:, None, None] + (MILD * (2 * face - 1)).round() / 255).clamp(0, 1)
