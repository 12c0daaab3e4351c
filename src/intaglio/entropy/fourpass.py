"""The four-pass entropy model in integers: what `intaglio.entropy.learned.fourpass_net` trains, as it runs in files.

Each pass codes one of four channel groups at every position (parity of the position chooses which, see there):

    1. side features + quality row (+ 3x3 context of the values decoded so far) -> two 1x1 layers -> mean, scale
    2. mean (activation units) * gain >> 16           = mean in steps, 8 fractional bits
       6 * scale + gain's offset, rounded             = index of the probability table; 0: not sent
    3. the symbol, from the encoder's tensor or from the stream
    4. value = (symbol * 256 + mean) * inverse gain >> 16, back in activation units, context of the next pass

Bounds: |mean * gain| < 2**19 * 2**20; |symbol| < 2**22 by the coder, so |(symbol * 256 + mean) * inverse| < 2**31 * 2**24.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from intaglio.entropy.fixed import LIMIT, Affine, Ints, clip, conv, integers, relu, shift, strips
from intaglio.entropy.threads import each
from intaglio.errors import WeightsError

STEP = 8  # fractional bits of a mean in steps
OCTAVE = 6  # table indices per doubling of the scale
Resolve = Callable[[Ints, Ints, Ints, Ints], Ints]
"""(flat positions in (c, h, w), table indices (n,), means (n,) in 1/256 steps, gains (n,)) to symbols (n,)."""


@dataclass(frozen=True)
class Scales:
    """A tensor's tables over quality index and channel: gain 12 bits, inverse 20 bits, index offset 12 bits."""

    gain: Ints  # (256, c)
    inverse: Ints  # (256, c)
    offset: Ints  # (256, c)

    @classmethod
    def load(cls, weights: Mapping[str, NDArray[Any]]) -> Scales:
        scales = cls(*(integers(weights[k]) for k in ("gain", "inverse", "offset")))
        for values, low, high in ((scales.gain, 1, 20), (scales.inverse, 1, 24), (scales.offset, -(1 << 20), 20)):
            if values.min(initial=low) < low or values.max(initial=0) >= 1 << high:
                raise WeightsError("an entropy model has scales outside of the proved range")
        return scales

    def value(self, symbols: Ints, means: Ints, q: Ints, channel: Ints) -> Ints:
        """Activation units of symbols (n,) around means (n,) in steps, of the given quality indices and channels (n,)."""
        return clip(shift((symbols * (1 << STEP) + means) * self.inverse[q, channel], 16))


def masks(c: int, h: int, w: int) -> list[Ints]:
    """Flat positions in (c, h, w) that each of the four passes codes, ascending."""
    parity = (np.arange(h) % 2)[:, None] * 2 + (np.arange(w) % 2)[None]
    group = np.arange(c) * 4 // c
    return [np.flatnonzero(group[:, None, None] == (parity + p) % 4) for p in range(4)]


def phases(x: Ints) -> Ints:
    """(c, h, w), even sides, by parity: (4, c, h / 2, w / 2)."""
    c, h, w = x.shape
    return x.reshape(c, h // 2, 2, w // 2, 2).transpose(2, 4, 0, 1, 3).reshape(4, c, h // 2, w // 2)


class Pass:
    """Pass p at the positions of one parity: mean and scale of the one group that is coded there.

    Coded before, at positions of parity s, are the groups s, s + 1, …, s + p - 1 (modulo 4); all other values are still
    zero, and left out of the 3x3 convolution.
    """

    def __init__(self, weights: Mapping[str, NDArray[Any]], c: int, p: int, parity: int) -> None:
        self.size, self.p, self.parity = c // 4, p, parity
        self.row, self.column = divmod(parity, 2)
        self.coded = self._channels(parity + p)
        self.seen = [
            (self._channels((self.row + i + 1) % 2 * 2 + (self.column + j + 1) % 2 + k), i, j)
            for i, j in np.ndindex(3, 3)
            for k in range(p)
        ]  # channels that hold values, and the tap (i, j) under which they lie
        if p:
            taps, bias = weights[f"context.{p - 1}.weight"], weights[f"context.{p - 1}.bias"]
            self.context = Affine(np.concatenate([taps[:, k, i, j] for k, i, j in self.seen], 1), bias)
        self.hidden = conv(weights, f"hidden.{p}").affine
        rows = np.arange(2 * c).reshape(2, c)[:, self.coded].reshape(-1)  # means, then scales
        self.out = Affine(weights[f"out.{p}.weight"][rows, :, 0, 0], weights[f"out.{p}.bias"][rows])

    def _channels(self, group: int) -> slice:
        return slice(group % 4 * self.size, (group % 4 + 1) * self.size)

    def __call__(self, features: Ints, padded: Ints, out: Ints) -> None:
        """Side features (4, width, h, w) and values (c, 2h + 2, 2w + 2) to mean and scale, in their places of (2, c, 2h, 2w)."""
        f = features[self.parity]
        if self.p:
            f = f + self._context(integers(padded))
        answers = clip(self.out.pointwise(relu(self.hidden.pointwise(relu(f)))))
        out[:, self.coded, self.row :: 2, self.column :: 2] = answers.reshape(2, self.size, *f.shape[1:])

    def _context(self, padded: Ints) -> Ints:
        fan_in = self.context.matrix.shape[1]
        h, w = padded.shape[1] // 2 - 1, padded.shape[2] // 2 - 1
        out = np.empty((len(self.context.matrix), h, w), np.int64)
        for rows in strips(h, fan_in * w):
            columns = np.empty((fan_in, rows.stop - rows.start, w))
            for n, (k, i, j) in enumerate(self.seen):
                inside = slice(2 * rows.start + self.row + i, 2 * rows.stop + self.row + i, 2)
                columns[n * self.size : (n + 1) * self.size] = padded[k, inside, self.column + j :: 2][..., :w]
            out[:, rows] = self.context(columns.reshape(fan_in, -1)).reshape(len(out), -1, w)
        return out


class FourPass:
    """The entropy model of one tensor (c, h, w)."""

    def __init__(self, weights: Mapping[str, NDArray[Any]]) -> None:
        self.scales = Scales.load(weights)
        self.quality = integers(weights["quality"])  # (256, width)
        self.side = conv(weights, "side") if "side.weight" in weights else None
        self.c = self.scales.gain.shape[1]
        self.passes = [[Pass(weights, self.c, p, parity) for parity in range(4)] for p in range(4)]

    def run(self, side: Ints | None, q: int, h: int, w: int, resolve: Resolve, local: Ints | None = None) -> Ints:
        """Go through the passes; `resolve` takes or gives each pass's symbols. Returns the values, activation units.

        Steps are those of quality index q, or of `local` (h, w), position by position.
        """
        features = np.broadcast_to(self.quality[q][:, None, None], (self.quality.shape[1], h, w))
        if self.side is not None:
            assert side is not None
            features = features + self.side(side)
        odd = h % 2, w % 2  # made even, by positions that are computed and not looked at
        features = phases(np.pad(features, ((0, 0), (0, odd[0]), (0, odd[1]))))
        padded = np.zeros((self.c, h + odd[0] + 2, w + odd[1] + 2), np.int64)
        answers = np.empty((2, self.c, h + odd[0], w + odd[1]), np.int64)
        mean, scale = answers[:, :, :h, :w]
        values = np.zeros((self.c, h, w), np.int64)
        rows = np.full(h * w, q) if local is None else local.reshape(-1)
        for passes, where in zip(self.passes, masks(self.c, h, w)):
            each(lambda one: one(features, padded, answers), passes, features.size)  # each writes its own parity
            channel, row = where // (h * w), rows[where % (h * w)]
            gains = self.scales.gain[row, channel]
            means = shift(mean.reshape(-1)[where] * gains, 16)
            index = shift(OCTAVE * scale.reshape(-1)[where] + self.scales.offset[row, channel], 12)
            symbols = resolve(where, np.clip(index, 0, 63), means, gains)
            values.reshape(-1)[where] = self.scales.value(symbols, means, row, channel)
            padded[:, 1 : h + 1, 1 : w + 1] = values
        return values


assert LIMIT == 1 << 19
