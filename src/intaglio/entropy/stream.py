"""The payload: the coded tensors to bytes and back, exactly, in the order lf, h, vector, y.

Integers and the quality index only; no torch. The float tensors of an encoder enter in `_quantiser` and nowhere else.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from intaglio.entropy.coder import Decoder, Encoder, Models
from intaglio.entropy.fixed import ACTIVATION, Ints, conv, pixel_shuffle, pool, relu, shift
from intaglio.entropy.fourpass import STEP, FourPass, Resolve
from intaglio.entropy.tables import Tables
from intaglio.entropy.threads import one_thread
from intaglio.errors import MissingModel

STRIDE = 32  # pictures are padded to multiples of this
SECTIONS = ("lf", "h", "vector", "y")
MILD, FOCUS = 12, 24  # quality indices by which y is coded finer on a face and coarser off it: always, and under focus
Floats = NDArray[np.float32]


def grid(height: int, width: int, scale: int) -> tuple[int, int]:
    """Size of the coarsest coded tensors: padded sides at the coded scale, in units of 32 pixels."""
    return -(-height // (STRIDE << scale)), -(-width // (STRIDE << scale))


@dataclass(frozen=True)
class Values:
    """The coded tensors of one picture, decoded: integers with 12 fractional bits."""

    lf: Ints  # (C, H/32, W/32)
    h: Ints  # (C, H/32, W/32)
    vector: Ints  # (C, 1, 1); C is 0 where the stream has no vector
    y: Ints  # (C, H/16, W/16)

    def floats(self) -> dict[str, Floats]:
        """Exact in float32: 20 bits and a power of two."""
        return {name: (getattr(self, name) / (1 << ACTIVATION)).astype(np.float32) for name in SECTIONS}


def part(weights: Mapping[str, NDArray[Any]], name: str) -> dict[str, NDArray[Any]]:
    """The weights under `name`, their names shortened by it."""
    return {k.removeprefix(f"{name}."): v for k, v in weights.items() if k.startswith(f"{name}.")}


class Stream:
    """The entropy models of one stream. `weights` are integer arrays; their digest, with the synthesis', names the stream."""

    def __init__(self, weights: Mapping[str, NDArray[Any]], frozen: Mapping[str, NDArray[Any]]) -> None:
        self.models = Models(Tables(weights["tables.counts"], weights["tables.reach"]))
        self.names = [name for name in SECTIONS if f"{name}.gain" in weights or name != "vector"]
        self.four = {name: FourPass(part(weights, name)) for name in self.names}
        self.h_side = conv(weights, "h_side")
        self.y_side = conv(weights, "y_side.0"), conv(weights, "y_side.1")
        self.focus = (conv(weights, "focus.0"), conv(weights, "focus.1")) if "focus.0.weight" in weights else None
        digest = hashlib.sha256()
        for name, array in sorted({**weights, **frozen}.items()):
            digest.update(f"{name}{array.dtype}{array.shape}".encode() + np.ascontiguousarray(array).tobytes())
        self.digest = digest.digest()[:8]
        self.seed = int.from_bytes(self.digest[:4], "big")

    def _run(self, q: int, h: int, w: int, resolve: Mapping[str, Resolve], focus: bool) -> Values:
        """All sections in order; h, w is the size in units of 1/32."""
        with one_thread():
            return self._run_on_one_thread(q, h, w, resolve, focus)

    def _run_on_one_thread(self, q: int, h: int, w: int, resolve: Mapping[str, Resolve], focus: bool) -> Values:
        lf = self.four["lf"].run(None, q, h, w, resolve["lf"])
        hyper = self.four["h"].run(relu(self.h_side(lf)), q, h, w, resolve["h"])
        both = np.concatenate([lf, hyper])
        vector = np.zeros((0, 1, 1), np.int64)
        if "vector" in self.four:
            vector = self.four["vector"].run(pool(both), q, 1, 1, resolve["vector"])
        side = relu(self.y_side[0](both))
        side = relu(pixel_shuffle(self.y_side[1](side)))
        local = self._local(side, q, focus)
        return Values(lf, hyper, vector, self.four["y"].run(side, q, 2 * h, 2 * w, resolve["y"], local))

    def _local(self, side: Ints, q: int, focus: bool) -> Ints | None:
        """Quality indices (2h, 2w) of y: faces are read out of its side features, which both ends know."""
        if self.focus is None:
            if focus:
                raise MissingModel("the file has a focus, and the installed model cannot tell where a face is")
            return None
        face = np.clip(self.focus[1](relu(self.focus[0](side)))[0], 0, 1 << ACTIVATION)
        moved = (FOCUS if focus else MILD) * (2 * face - (1 << ACTIVATION))
        return np.clip(q + shift(moved, ACTIVATION), 0, 255)

    def encode(self, tensors: Mapping[str, Floats], q: int, focus: bool = False) -> tuple[bytes, Values]:
        """Unquantised tensors of one picture (as in `Values`, in units) at quality index q: (payload, what it decodes to)."""
        encoder = Encoder(self.models)
        values = self._code(tensors, q, focus, encoder.push)
        return encoder.finish(), values

    def size(self, tensors: Mapping[str, Floats], q: int, focus: bool = False) -> int:
        """Bytes that `encode` would make, in less time: by the information of the symbols, so that it may be a few out."""
        bits = 0.0

        def count(symbols: Ints, indices: Ints) -> None:
            nonlocal bits
            bits += self.models.tables.bits(symbols, indices)

        self._code(tensors, q, focus, count)
        return math.ceil(bits / 8)

    def _code(self, tensors: Mapping[str, Floats], q: int, focus: bool, take: Callable[[Ints, Ints], None]) -> Values:
        """Quantise; symbols and table indices of each pass go to `take`."""

        def resolver(name: str) -> Resolve:
            quantise = self._quantiser(tensors[name])

            def resolve(where: Ints, indices: Ints, means: Ints, gains: Ints) -> Ints:
                symbols = quantise(where, indices, means, gains)
                take(symbols, indices)
                return symbols

            return resolve

        h, w = tensors["h"].shape[1:]
        return self._run(q, h, w, {name: resolver(name) for name in self.names}, focus)

    def _quantiser(self, tensor: Floats) -> Resolve:
        """Rounds residuals to symbols; table 0 knows zero alone."""
        flat = tensor.reshape(-1).astype(np.float64)

        def quantise(where: Ints, indices: Ints, means: Ints, gains: Ints) -> Ints:
            steps = flat[where] * (gains / (1 << 12)) - means / (1 << STEP)
            residual = np.clip(steps, -(2.0**20), 2.0**20)
            return np.where(indices == 0, 0, np.rint(residual).astype(np.int64))

        return quantise

    def decode(self, payload: bytes, q: int, h: int, w: int, focus: bool = False) -> Values:
        """The tensors of a payload; h, w is the padded size in units of 1/32 picture."""
        decoder = Decoder(self.models, payload)
        resolve: Resolve = lambda where, indices, means, gains: decoder.pop(indices)  # noqa: E731
        return self._run(q, h, w, dict.fromkeys(self.names, resolve), focus)

    def sections(self, payload: bytes, q: int, h: int, w: int, focus: bool = False) -> dict[str, float]:
        """Bytes of each section: the information of its symbols under the tables."""
        decoder, bits = Decoder(self.models, payload), dict.fromkeys(self.names, 0.0)

        def resolver(name: str) -> Resolve:
            def resolve(where: Ints, indices: Ints, means: Ints, gains: Ints) -> Ints:
                symbols = decoder.pop(indices)
                bits[name] += self.models.tables.bits(symbols, indices)
                return symbols

            return resolve

        self._run(q, h, w, {name: resolver(name) for name in self.names}, focus)
        return {name: b / 8 for name, b in bits.items()}
