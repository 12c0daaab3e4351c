"""One range stream a file: symbols with their table indices in, bytes out, and back.

Within a pass the symbols are coded in groups of equal table index, indices ascending, each group in its given order;
escapes follow. The bytes are constriction's 32-bit words, most significant byte first, without trailing zero bytes.
"""

from __future__ import annotations

from typing import Any

import constriction
import numpy as np

from intaglio.entropy.fixed import Ints, integers
from intaglio.entropy.tables import Tables
from intaglio.errors import Corrupt

_MAX_GOLOMB = 20  # bits of an escape's prefix: no honest symbol needs more
_STATE = 64  # bits of the coder's state: the last symbols of a stream hang on so many bits that follow them
_SLACK = 256  # bits by which the information of symbols may pass what carries it: zero bytes at the end are left out


class Models:
    """constriction's models of a set of tables, made when first used. float64 counts: float32 ones code differently."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        self._models: dict[int, Any] = {}
        self.bit = self._model(np.ones(2))

    @staticmethod
    def _model(counts: Any) -> Any:
        return constriction.stream.model.Categorical(counts.astype(np.float64), perfect=False)

    def __getitem__(self, index: int) -> Any:
        if index not in self._models:
            self._models[index] = self._model(self.tables.rows[index])
        return self._models[index]


class Encoder:
    """Collects symbols; `finish` gives the bytes."""

    def __init__(self, models: Models) -> None:
        self.models = models
        self._stream = constriction.stream.queue.RangeEncoder()

    def push(self, symbols: Ints, indices: Ints) -> None:
        """Code symbols (n,) under the tables `indices` (n,). A symbol of index 0 must be 0."""
        symbols, indices = integers(symbols), integers(indices)
        assert not symbols[indices == 0].any()
        escapes: list[tuple[int, int]] = []
        for k in np.unique(indices[indices > 0]):
            n = int(self.models.tables.reach[k])
            s = symbols[indices == k]
            inside = np.abs(s) <= n
            self._stream.encode(np.where(inside, s + n, 2 * n + 1).astype(np.int32), self.models[int(k)])
            escapes += [(int(v), n) for v in s[~inside]]
        for value, n in escapes:
            self._golomb(abs(value) - n, value < 0)

    def _golomb(self, excess: int, negative: bool) -> None:
        length = excess.bit_length() - 1
        bits = [1] * length + [0] + [excess >> i & 1 for i in reversed(range(length))] + [int(negative)]
        self._stream.encode(np.array(bits, np.int32), self.models.bit)

    def finish(self) -> bytes:
        return bytes(self._stream.get_compressed().astype(">u4").tobytes().rstrip(b"\0"))


class Decoder:
    """Gives symbols back in the order in which they were coded.

    The information of the symbols is counted: when it passes what the bytes can carry, they are no stream of these
    symbols, however long the decoder would go on. With `salvage` they are one that was cut: what is behind the cut is
    zeros, and `missing` counts it.

    Raises:
        Corrupt: the bytes cannot come from `Encoder` (most damage is not noticed here; the file's checksum sees it).
    """

    def __init__(self, models: Models, data: bytes, *, salvage: bool = False) -> None:
        self.models, self.salvage = models, salvage
        self.room = 8.0 * len(data) + (-_STATE if salvage else _SLACK + len(data) / 100)  # bits
        self.symbols, self.missing = 0, 0
        padded = data + b"\0" * (-len(data) % 4)
        self._stream = constriction.stream.queue.RangeDecoder(np.frombuffer(padded, ">u4").astype(np.uint32))

    def _decode(self, model: Any, n: int) -> Ints:
        try:
            return integers(self._stream.decode(model, n))
        except Exception as error:  # the library raises AssertionError and others
            raise Corrupt("the file's payload does not decode: it is damaged") from error

    def pop(self, indices: Ints) -> Ints:
        """The next symbols (n,), coded under `indices` (n,)."""
        indices = integers(indices)
        sent, missing = int((indices > 0).sum()), self.missing
        self.symbols += sent
        try:
            return self._pop(indices)
        except Corrupt:
            if not self.salvage:
                raise
            self.room = 0.0
            self.missing = missing + sent
            return np.zeros(len(indices), np.int64)

    def _pop(self, indices: Ints) -> Ints:
        symbols = np.zeros(len(indices), np.int64)
        escapes: list[tuple[int, int]] = []
        for k in np.unique(indices[indices > 0]):
            n = int(self.models.tables.reach[k])
            where = np.flatnonzero(indices == k)
            if self.room > 0:
                coded = self._decode(self.models[int(k)], len(where))
                where, coded = self._carried(int(k), where, coded)
                symbols[where] = coded - n
                escapes += [(int(i), n) for i in where[coded == 2 * n + 1]]
            else:
                self.missing += len(where)
        for i, n in escapes:
            symbols[i] = self._golomb(n) if self.room > 0 else 0
        return symbols

    def _carried(self, k: int, where: Ints, coded: Ints) -> tuple[Ints, Ints]:
        """Those of the symbols decoded under table k that the bytes carry, and their places."""
        bits, room = self.models.tables.surprise(k)[coded], self.room
        self.room -= float(bits.sum())
        if self.room >= 0:
            return where, coded
        if not self.salvage:
            raise Corrupt("the file's payload ends before its picture does: it is damaged")
        n = int(np.searchsorted(bits.cumsum(), room, side="right"))
        self.missing += len(where) - n
        return where[:n], coded[:n]

    def _golomb(self, n: int) -> int:
        length = 0
        while self._decode(self.models.bit, 1)[0]:
            length += 1
            if length > _MAX_GOLOMB:
                raise Corrupt("the file's payload does not decode: it is damaged")
        excess = 1
        for bit in self._decode(self.models.bit, length):
            excess = excess << 1 | int(bit)
        self.room -= 2 * length + 2
        return -(excess + n) if self._decode(self.models.bit, 1)[0] else excess + n
