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

from intaglio.checkpoints.stable_diffusion import Checkpoint, fitting
from intaglio.codecs.assembly import assemble, prior_of
from intaglio.codecs.diffusion_codec import DiffusionCodec
from intaglio.compressor.config import CompressorConfig
from intaglio.entropy.fixed import ACTIVATION
from intaglio.entropy.learned.fourpass_net import FourPassNet
from intaglio.entropy.learned.gain import KNOTS, Gain
from intaglio.entropy.learned.thaw import convolution, floats
from intaglio.weights.codec_file import Weights
from intaglio.weights.tensors import part

Arrays = Mapping[str, NDArray[Any]]
RIDGE = 1e-4  # of the first fit of quality features


def unpack(weights: Weights, checkpoint: Checkpoint | None = None) -> DiffusionCodec:
    """The networks of a weights file, entropy models included, fp32 on the CPU, ready to be trained.

    `checkpoint`: the one that the file is an adapter for. Raises WeightsError for another.
    """
    sizes = weights.sizes
    checkpoint = fitting(weights.base, checkpoint)
    prior = prior_of(sizes["prior"], checkpoint)
    model = assemble(weights.codec, CompressorConfig(**sizes["compressor"]), prior, checkpoint, trained=True)
    arrays = weights.networks.arrays
    model.load_state_dict({k: torch.from_numpy(a.astype(np.float32)) for k, a in arrays.items()}, strict=False)
    entropy, integers = model.compressor.entropy, weights.entropy
    assert entropy is not None
    for name in entropy.names:
        _four(entropy.model(name), part(integers, name))
    _conv(entropy.h_side, integers, "h_side")
    for i, layer in enumerate(entropy.y_side):
        _conv(cast("nn.Conv2d", layer), integers, f"y_side.{i}")
    return model


def _conv(layer: nn.Conv2d, arrays: Arrays, name: str) -> None:
    layer.load_state_dict(convolution(arrays, name).state_dict())


def _four(model: FourPassNet, arrays: Arrays) -> None:
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
