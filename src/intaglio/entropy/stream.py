"""The payload: the coded tensors to bytes and back, exactly, in the order lf, h, vector, y.

Integers and the quality index only; no torch. The float tensors of an encoder enter in `_quantiser` and nowhere else.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from intaglio.entropy import wiring
from intaglio.entropy.coder import Decoder, Encoder, Models
from intaglio.entropy.fixed import ACTIVATION, Ints, conv, integers, pixel_shuffle, pool, relu, shift
from intaglio.entropy.fourpass import STEP, FourPass, Resolve
from intaglio.entropy.tables import Tables
from intaglio.entropy.threads import one_thread
from intaglio.entropy.wiring import SECTIONS
from intaglio.errors import Corrupt, MissingModel, WeightsError
from intaglio.weights.codec_file import Weights
from intaglio.weights.released import STREAMS
from intaglio.weights.tensors import part

STRIDE = 32  # pictures are padded to multiples of this
MILD, FOCUS = 12, 24  # quality indices by which y is coded finer on a face and coarser off it: always, and under focus
Floats = NDArray[np.float32]
Take = Callable[[str, Ints, Ints], object]
"""Is given the name of a tensor, and the symbols (n,) and table indices (n,) of one of its passes."""


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


@dataclass(frozen=True)
class Trial:
    """Symbols of a picture at a quality: those that are sent, pass by pass, and their table indices.

    `size` is how many bytes the payload has, by the information of the symbols, so that it may be a few out.
    """

    models: Models
    passes: Sequence[tuple[NDArray[np.int32], NDArray[np.uint8]]]
    size: int

    def payload(self) -> bytes:
        encoder = Encoder(self.models)
        for symbols, indices in self.passes:
            encoder.push(integers(symbols), integers(indices))
        return encoder.finish()


class Stream:
    """The entropy models of one stream, in integers.

    Args:
        weights: integer arrays. frozen: the arrays of the synthesis; the digest of both names the stream.
    """

    def __init__(self, weights: Mapping[str, NDArray[Any]], frozen: Mapping[str, NDArray[Any]]) -> None:
        self.models = Models(Tables(weights["tables.counts"], weights["tables.reach"]))
        self.names = [name for name in SECTIONS if f"{name}.gain" in weights or name != "vector"]
        self.four = {name: FourPass(part(weights, name)) for name in self.names}
        self.h_side = conv(weights, "h_side")
        self.y_side = conv(weights, "y_side.0"), conv(weights, "y_side.1")
        self.focus = (conv(weights, "focus.0"), conv(weights, "focus.1")) if "focus.0.weight" in weights else None
        digest = hashlib.sha256()
        for name, array in sorted({**weights, **frozen}.items()):
            digest.update(f"{name}{array.dtype}{array.shape}".encode())
            digest.update(np.ascontiguousarray(array).data)
        self.digest = digest.digest()[:8]
        self.seed = int.from_bytes(self.digest[:4], "big")

    @classmethod
    def of(cls, weights: Weights) -> Stream:
        """The stream of a codec's weights file.

        Raises:
            WeightsError: its arrays are no entropy models, or not those that its stream id stands for.
        """
        source = weights.networks.source
        try:
            stream = cls(weights.entropy, weights.frozen)
            if weights.stream not in STREAMS:
                stream.check()
        except WeightsError:
            raise
        except Exception as error:  # arrays of any name, shape and type may be in a stranger's file
            raise WeightsError(f"{source} holds no whole entropy models ({type(error).__name__}: {error})") from error
        if STREAMS.get(weights.stream, stream.digest.hex()) != stream.digest.hex():
            raise WeightsError(
                f"{source} says that it is of stream {weights.stream}, and has other tables than that one"
            )
        return stream

    def check(self) -> None:
        """Reads an empty payload at the ends of quality, which fails in whatever way the shapes of arrays do not fit."""
        for q in (0, 255):
            with suppress(Corrupt):
                self.decode(b"", q, 1, 1)

    # --- What lies between the tensors (see `wiring.SideNets`) ----------------------------------------------------

    def side_of_h(self, lf: Ints) -> Ints:
        return relu(self.h_side(lf))

    def join(self, lf: Ints, h: Ints) -> Ints:
        return np.concatenate([lf, h])

    def pool(self, hyper: Ints) -> Ints:
        return pool(hyper)

    def side_of_y(self, hyper: Ints) -> Ints:
        return relu(pixel_shuffle(self.y_side[1](relu(self.y_side[0](hyper)))))

    def qualities(self, side: Ints, q: int, focus: bool) -> Ints | None:
        """Quality indices (2h, 2w) of y: faces are read out of its side features, which both ends know.

        None where the stream cannot tell faces, and all of y goes by q.

        Raises:
            MissingModel: the same under a focus.
        """
        if self.focus is None:
            if focus:
                raise MissingModel("the file has a focus, and the installed model cannot tell where a face is")
            return None
        face = np.clip(self.focus[1](relu(self.focus[0](side)))[0], 0, 1 << ACTIVATION)
        moved = (FOCUS if focus else MILD) * (2 * face - (1 << ACTIVATION))
        return np.clip(q + shift(moved, ACTIVATION), 0, 255)

    # --- Ways through all tensors ---------------------------------------------------------------------------------

    def _run(self, q: int, h: int, w: int, focus: bool, resolver: Callable[[str], Resolve]) -> Values:
        """All sections in order, symbols as `resolver(name)` takes or gives them; h, w is the size in units of 1/32."""
        sizes = {"lf": (h, w), "h": (h, w), "vector": (1, 1), "y": (2 * h, 2 * w)}

        def code(name: str, side: Ints | None) -> Ints:
            local = self.qualities(side, q, focus) if name == "y" and side is not None else None
            return self.four[name].run(side, q, *sizes[name], resolver(name), local)

        with one_thread():
            return Values(**{"vector": np.zeros((0, 1, 1), np.int64)} | wiring.run(self, code))

    def symbols(self, tensors: Mapping[str, Floats], q: int, take: Take, focus: bool = False) -> Values:
        """Quantise the tensors of one picture (as in `Values`, in units) at quality index q: what they decode to.

        `take` is given the symbols of every pass, in the order of a payload.
        """

        def resolver(name: str) -> Resolve:
            quantise = _quantiser(tensors[name])

            def resolve(where: Ints, indices: Ints, means: Ints, gains: Ints) -> Ints:
                symbols = quantise(where, indices, means, gains)
                take(name, symbols, indices)
                return symbols

            return resolve

        h, w = tensors["h"].shape[1:]
        return self._run(q, h, w, focus, resolver)

    def encode(self, tensors: Mapping[str, Floats], q: int, focus: bool = False) -> tuple[bytes, Values]:
        """(payload, what it decodes to) of tensors as `symbols` takes them."""
        encoder = Encoder(self.models)
        values = self.symbols(tensors, q, lambda _, symbols, indices: encoder.push(symbols, indices), focus)
        return encoder.finish(), values

    def trial(self, tensors: Mapping[str, Floats], q: int, focus: bool = False) -> Trial:
        """What `encode` would code, kept: its length is known before it is coded."""
        passes, bits = list[tuple[NDArray[np.int32], NDArray[np.uint8]]](), 0.0

        def keep(_: str, symbols: Ints, indices: Ints) -> None:
            nonlocal bits
            bits += self.models.tables.bits(symbols, indices)
            sent = indices > 0
            passes.append((symbols[sent].astype(np.int32), indices[sent].astype(np.uint8)))

        self.symbols(tensors, q, keep, focus)
        return Trial(self.models, passes, math.ceil(bits / 8))

    def decode(self, payload: bytes, q: int, h: int, w: int, focus: bool = False, take: Take | None = None) -> Values:
        """The tensors of a payload; h, w is the padded size in units of 1/32 picture. `take`: as in `symbols`.

        Raises:
            Corrupt: it is not what `encode` makes of any tensors of that size.
        """
        decoder, again = Decoder(self.models, payload), Encoder(self.models)

        def taken(name: str, symbols: Ints, indices: Ints) -> None:
            again.push(symbols, indices)
            if take is not None:
                take(name, symbols, indices)

        values = self._run(q, h, w, focus, self._resolver(decoder, taken))
        if again.finish() != payload:
            raise Corrupt("the file's payload is longer than its picture, or is spelled otherwise: it is damaged")
        return values

    def salvage(self, payload: bytes, q: int, h: int, w: int, focus: bool = False) -> tuple[Values, float]:
        """As `decode`, of a payload that was cut: (tensors, share of their symbols that are there), the others expected."""
        decoder = Decoder(self.models, payload, salvage=True)
        values = self._run(q, h, w, focus, self._resolver(decoder, lambda name, symbols, indices: None))
        return values, 1 - decoder.missing / max(decoder.symbols, 1)

    @staticmethod
    def _resolver(decoder: Decoder, take: Take) -> Callable[[str], Resolve]:
        def resolver(name: str) -> Resolve:
            def resolve(where: Ints, indices: Ints, means: Ints, gains: Ints) -> Ints:
                symbols = decoder.pop(indices)
                take(name, symbols, indices)
                return symbols

            return resolve

        return resolver

    def sections(self, payload: bytes, q: int, h: int, w: int, focus: bool = False) -> dict[str, float]:
        """Bytes of each section: the information of its symbols under the tables."""
        bits = dict.fromkeys(self.names, 0.0)

        def count(name: str, symbols: Ints, indices: Ints) -> None:
            bits[name] += self.models.tables.bits(symbols, indices)

        self.decode(payload, q, h, w, focus, count)
        return {name: b / 8 for name, b in bits.items()}


def _quantiser(tensor: Floats) -> Resolve:
    """Rounds residuals to symbols; table 0 knows zero alone."""
    flat = tensor.reshape(-1).astype(np.float64)

    def quantise(where: Ints, indices: Ints, means: Ints, gains: Ints) -> Ints:
        steps = flat[where] * (gains / (1 << 12)) - means / (1 << STEP)
        residual = np.clip(steps, -(2.0**20), 2.0**20)
        return np.where(indices == 0, 0, np.rint(residual).astype(np.int64))

    return quantise
