"""Trained networks out of a weights file, so that training can go on from released weights: the reverse of `pack`.

Transforms come back as they were stored (fp16). The entropy models exist as integers: their convolutions are divided
back, their gains interpolated at the knots, and the small network behind the table of quality features is fitted to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from intaglio.codecs import model_of
from intaglio.codecs.cgdm import CGDM
from intaglio.codecs.fasdiff import FaSDiff
from intaglio.compressor.compressor import CompressorConfig
from intaglio.entropy.fixed import ACTIVATION
from intaglio.entropy.learned.fourpass_net import FourPass
from intaglio.entropy.learned.gain import KNOTS, Gain
from intaglio.entropy.learned.thaw import convolution, floats
from intaglio.entropy.stream import SECTIONS, part
from intaglio.priors.unet import PriorConfig
from intaglio.weights.codec_file import Weights

Arrays = Mapping[str, NDArray[Any]]
RIDGE = 1e-4  # of the first fit of quality features


def unpack(weights: Weights) -> FaSDiff | CGDM:
    """The networks of a weights file, entropy models included, fp32 on the CPU, ready to be trained."""
    model = model_of(weights.codec)(
        CompressorConfig(**weights.config["compressor"]), PriorConfig(**weights.config["prior"])
    )
    model.load_state_dict({k: torch.from_numpy(a.astype(np.float32)) for k, a in weights.nets.items()}, strict=False)
    compressor, arrays = model.compressor, weights.entropy
    for name in SECTIONS if compressor.cfg.vector else [s for s in SECTIONS if s != "vector"]:
        _four(getattr(compressor, f"{name}_model"), part(arrays, name))
    _conv(compressor.h_side, arrays, "h_side")
    for i in range(2):
        _conv(compressor.y_side[i], arrays, f"y_side.{i}")
    return cast("FaSDiff | CGDM", model)


def _conv(layer: nn.Conv2d, arrays: Arrays, name: str) -> None:
    layer.load_state_dict(convolution(arrays, name).state_dict())


def _four(model: FourPass, arrays: Arrays) -> None:
    _gain(model.gain, floats(arrays["gain"], ACTIVATION).log())
    _quality(model.quality, floats(arrays["quality"], ACTIVATION))
    if model.side is not None:
        _conv(model.side, arrays, "side")
    for kind in ("context", "hidden", "out"):
        for p, layer in enumerate(getattr(model, kind)):
            _conv(layer, arrays, f"{kind}.{p}")


@torch.no_grad()
def _gain(gain: Gain, rows: torch.Tensor) -> None:
    """Logarithms of the gains at all 256 qualities: linear between knots, so the knots are a least-squares solution."""
    t = torch.linspace(0, KNOTS - 1, len(rows), dtype=torch.float64)
    hats = (1 - (t[:, None] - torch.arange(KNOTS)).abs()).clamp_min(0)
    knots = torch.linalg.lstsq(hats, rows.double()).solution
    rise = knots.diff(dim=0).clamp_min(1e-6)
    gain.base.copy_(knots[0])
    gain.rise.copy_(rise + torch.log(-torch.expm1(-rise)))  # softplus, reversed


def _quality(net: nn.Sequential, rows: torch.Tensor) -> None:
    q = torch.arange(len(rows)) / (len(rows) - 1)
    x = torch.stack([q, q * q, (1 - q) ** 2], 1)
    with torch.no_grad():
        hidden = torch.cat([net[1](net[0](x)), torch.ones(len(x), 1)], 1).double()
        ridge = RIDGE * torch.eye(hidden.shape[1], dtype=torch.float64)  # without it, weights of 1e4 that cancel
        solution = torch.linalg.solve(hidden.T @ hidden + ridge, hidden.T @ rows.double()).float()
        cast("nn.Linear", net[2]).weight.copy_(solution[:-1].T)
        cast("nn.Linear", net[2]).bias.copy_(solution[-1])
    optimiser = torch.optim.LBFGS(net.parameters(), max_iter=300, history_size=20, line_search_fn="strong_wolfe")

    def error() -> float:
        optimiser.zero_grad()
        loss = (net(x) - rows).square().mean()
        loss.backward()
        return loss

    optimiser.step(error)
