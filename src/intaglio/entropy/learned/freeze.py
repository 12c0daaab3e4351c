"""Freezing a trained model: entropy nets to fixed point, tables fitted to what was seen, everything else to fp16."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from intaglio.compressor.compressor import Compressor
from intaglio.entropy.fixed import ACTIVATION, LIMIT, MAX_WEIGHT, WEIGHT, Ints
from intaglio.entropy.learned.fourpass_net import OCTAVE, SCALES, SIGMA_0, FourPass
from intaglio.entropy.learned.gain import Gain
from intaglio.entropy.stream import SECTIONS, Stream
from intaglio.entropy.tables import fit
from intaglio.networks import packets

Arrays = dict[str, NDArray[Any]]
SIGMAS = SIGMA_0 * 2 ** (np.arange(SCALES) / OCTAVE)


def _qualities() -> torch.Tensor:
    return torch.arange(256) / 255


def _fixed(x: torch.Tensor, bits: int, limit: int) -> NDArray[Any]:
    """Rounded to `bits` fractional bits.

    Raises:
        ValueError: a value reaches the limit: the exactness proof would not hold.
    """
    out = np.rint(x.detach().double().numpy() * (1 << bits))
    if np.abs(out).max(initial=0) >= limit:
        raise ValueError(
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


def _four(name: str, model: FourPass) -> Arrays:
    arrays = _scales(name, model.gain)
    arrays[f"{name}.quality"] = _fixed(model.quality_features(_qualities()), ACTIVATION, LIMIT)
    if model.side is not None:
        arrays |= _conv(f"{name}.side", model.side)
    for kind in ("context", "hidden", "out"):
        for p, layer in enumerate(getattr(model, kind)):
            arrays |= _conv(f"{name}.{kind}.{p}", layer)
    return arrays


def integers(model: Compressor, focus: nn.Sequential | None = None) -> Arrays:
    """The entropy models of a compressor, and its focus, in integers, with tables that are plain Gaussians."""
    arrays = _four("lf", model.lf_model) | _four("h", model.h_model) | _four("y", model.y_model)
    if model.cfg.vector:
        arrays |= _four("vector", model.vector_model)
    arrays |= _conv("h_side", model.h_side) | _conv("y_side.0", model.y_side[0]) | _conv("y_side.1", model.y_side[1])  # type: ignore[arg-type]
    if focus is not None:
        arrays |= _conv("focus.0", focus[0]) | _conv("focus.1", focus[2])  # type: ignore[arg-type]
    counts, reach = fit([{} for _ in SIGMAS], SIGMAS)
    return arrays | _tables(counts, reach)


def _tables(counts: Ints, reach: Ints) -> Arrays:
    return {"tables.counts": _narrow(counts), "tables.reach": _narrow(reach)}


def _narrow(x: NDArray[Any]) -> NDArray[Any]:
    """Integers in the smallest of int16, int32 and int64 that holds them."""
    limit = np.abs(x).max(initial=0)
    return x.astype(np.int16 if limit < 1 << 15 else np.int32 if limit < 1 << 31 else np.int64)


@torch.inference_mode()
def tensors(model: Compressor, z: torch.Tensor, x: torch.Tensor) -> list[dict[str, NDArray[np.float32]]]:
    """Unquantised coded tensors of pictures x (B, 3, H, W) with latents z, picture by picture."""
    coded = model.analyse(z, packets.analyse(x - 0.5))
    arrays = {name: getattr(coded, name).float().numpy() for name in SECTIONS}
    return [{name: a[i] for name, a in arrays.items()} for i in range(len(x))]


def refit(arrays: Arrays, pictures: list[dict[str, NDArray[np.float32]]]) -> Arrays:
    """The same models with tables fitted to the symbols of training pictures, each at four qualities."""
    stream = Stream(arrays, {})
    histograms: list[dict[int, int]] = [{} for _ in range(SCALES)]
    plain = stream._quantiser

    def counting(tensor: Any) -> Any:
        quantise = plain(tensor)

        def resolve(where: Ints, indices: Ints, means: Ints, gains: Ints) -> Ints:
            symbols = quantise(where, indices, means, gains)
            pairs, counts = np.unique(np.stack([indices, symbols]), axis=1, return_counts=True)
            for (k, s), c in zip(pairs.T, counts):
                histograms[k][int(s)] = histograms[k].get(int(s), 0) + int(c)
            return symbols

        return resolve

    stream._quantiser = counting  # type: ignore[method-assign]
    for i, picture in enumerate(pictures):
        for step in range(4):
            stream.encode(picture, (i * 37 + step * 64) % 256)
    counts, reach = fit(histograms, SIGMAS)
    return arrays | _tables(counts, reach)
