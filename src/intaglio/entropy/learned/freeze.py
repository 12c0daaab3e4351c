"""Freezing trained entropy models: nets to fixed point, tables fitted to the symbols of training pictures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from intaglio.entropy.fixed import ACTIVATION, LIMIT, MAX_WEIGHT, WEIGHT, Ints
from intaglio.entropy.learned.entropy_model import EntropyModel
from intaglio.entropy.learned.fourpass_net import OCTAVE, SCALES, SIGMA_0, FourPassNet
from intaglio.entropy.learned.gain import Gain
from intaglio.entropy.stream import Floats, Stream
from intaglio.entropy.tables import fit
from intaglio.errors import WeightsError
from intaglio.weights.tensors import Arrays

SIGMAS = SIGMA_0 * 2 ** (np.arange(SCALES) / OCTAVE)


def _qualities() -> torch.Tensor:
    return torch.arange(256) / 255


def _fixed(x: torch.Tensor, bits: int, limit: int) -> NDArray[Any]:
    """Rounded to `bits` fractional bits.

    Raises:
        WeightsError: a value reaches the limit: the exactness proof would not hold.
    """
    out = np.rint(x.detach().double().numpy() * (1 << bits))
    if np.abs(out).max(initial=0) >= limit:
        raise WeightsError(
            f"{np.abs(out).max() / (1 << bits):.1f} is out of the fixed-point range {limit / (1 << bits):.1f}"
        )
    return _narrow(out)


def _conv(name: str, layer: nn.Conv2d) -> Arrays:
    assert layer.bias is not None
    bias = np.rint(layer.bias.detach().double().numpy() * (1 << (ACTIVATION + WEIGHT))).astype(np.int64)
    return {f"{name}.weight": _fixed(layer.weight, WEIGHT, MAX_WEIGHT), f"{name}.bias": _narrow(bias)}


def _scales(name: str, gain: Gain) -> Arrays:
    log_gain = gain(_qualities()).detach().double()
    integer = np.rint(log_gain.exp().numpy() * (1 << 12)).clip(1, (1 << 20) - 1)
    real = integer / (1 << 12)
    inverse = np.rint((1 << 20) / real).clip(1, (1 << 24) - 1)
    offset = np.rint(np.log2(real) * OCTAVE * (1 << 12))
    return {f"{name}.{k}": _narrow(v) for k, v in (("gain", integer), ("inverse", inverse), ("offset", offset))}


def _four(name: str, model: FourPassNet) -> Arrays:
    arrays = _scales(name, model.gain)
    arrays[f"{name}.quality"] = _fixed(model.quality_features(_qualities()), ACTIVATION, LIMIT)
    if model.side is not None:
        arrays |= _conv(f"{name}.side", model.side)
    for kind in ("context", "hidden", "out"):
        for p, layer in enumerate(getattr(model, kind)):
            arrays |= _conv(f"{name}.{kind}.{p}", layer)
    return arrays


def integers(model: EntropyModel, focus: nn.Sequential | None = None) -> Arrays:
    """The entropy models, and what finds faces for y (`focus`: 3x3, activation, 1x1), in integers; tables are Gaussians.

    Raises:
        WeightsError: a weight is out of the fixed-point range of the entropy nets.
    """
    arrays: Arrays = {}
    for name in model.names:
        arrays |= _four(name, model.model(name))
    layers = {"h_side": model.h_side, "y_side.0": model.y_side[0], "y_side.1": model.y_side[1]}
    if focus is not None:
        layers |= {"focus.0": focus[0], "focus.1": focus[-1]}
    for name, layer in layers.items():
        assert isinstance(layer, nn.Conv2d)
        arrays |= _conv(name, layer)
    counts, reach = fit([{} for _ in SIGMAS], SIGMAS)
    return arrays | _tables(counts, reach)


def _tables(counts: Ints, reach: Ints) -> Arrays:
    return {"tables.counts": _narrow(counts), "tables.reach": _narrow(reach)}


def _narrow(x: NDArray[Any]) -> NDArray[Any]:
    """Integers in the smallest of int16, int32 and int64 that holds them."""
    limit = np.abs(x).max(initial=0)
    return x.astype(np.int16 if limit < 1 << 15 else np.int32 if limit < 1 << 31 else np.int64)


def refit(arrays: Arrays, pictures: Iterable[Mapping[str, Floats]]) -> Arrays:
    """The same models with tables fitted to the symbols of pictures' coded tensors, each at four qualities."""
    stream = Stream(arrays, {})
    histograms: list[dict[int, int]] = [{} for _ in range(SCALES)]

    def count(_: str, symbols: Ints, indices: Ints) -> None:
        pairs, counts = np.unique(np.stack([indices, symbols]), axis=1, return_counts=True)
        for (k, s), n in zip(pairs.T, counts):
            histograms[k][int(s)] = histograms[k].get(int(s), 0) + int(n)

    for i, picture in enumerate(pictures):
        for step in range(4):
            stream.symbols(picture, (i * 37 + step * 64) % 256, count)
    counts, reach = fit(histograms, SIGMAS)
    return arrays | _tables(counts, reach)
