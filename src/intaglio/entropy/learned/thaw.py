"""A stream's integers as a network that gradients pass: what the encoder's search refines a file through."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from intaglio.entropy.fixed import ACTIVATION, WEIGHT
from intaglio.entropy.learned.entropy_model import EntropyModel
from intaglio.entropy.learned.fourpass_net import FourPassNet, bits
from intaglio.entropy.wiring import SECTIONS
from intaglio.weights.tensors import part


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


class ThawedFourPass(FourPassNet):
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


def thaw(weights: Mapping[str, NDArray[Any]]) -> EntropyModel:
    """All entropy models of a stream; the fitted tables are replaced by the Gaussians that they are close to."""
    models = {name: ThawedFourPass(part(weights, name)) for name in SECTIONS if f"{name}.gain" in weights}
    y_side = convolution(weights, "y_side.0"), convolution(weights, "y_side.1")
    faces = "focus.0.weight" in weights
    focus = (convolution(weights, "focus.0"), convolution(weights, "focus.1")) if faces else None
    model = EntropyModel(models, convolution(weights, "h_side"), y_side, focus)
    return model.eval().requires_grad_(False)
