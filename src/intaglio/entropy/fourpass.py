"""The four-pass entropy model in integers: what `intaglio.nets.fourpass` trains, as it runs in files.

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

from intaglio.entropy.fixed import LIMIT, Ints, clip, conv, integers, relu, shift
from intaglio.errors import WeightsError

STEP = 8  # fractional bits of a mean in steps
OCTAVE = 6  # table indices per doubling of the scale
Resolve = Callable[[Ints, Ints, "Ints"], Ints]
"""(mask (c, h, w) as flat positions, table indices (n,), means (n,) in 1/256 steps) to symbols (n,)."""


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

    def value(self, symbols: Ints, means: Ints, q: int, channel: Ints) -> Ints:
        """Activation units of symbols (n,) around means (n,) in steps, of the given channels (n,)."""
        return clip(shift((symbols * (1 << STEP) + means) * self.inverse[q, channel], 16))


def masks(c: int, h: int, w: int) -> list[Ints]:
    """Flat positions in (c, h, w) that each of the four passes codes, ascending."""
    parity = (np.arange(h) % 2)[:, None] * 2 + (np.arange(w) % 2)[None]
    group = np.arange(c) * 4 // c
    return [np.flatnonzero(group[:, None, None] == (parity + p) % 4) for p in range(4)]


class FourPass:
    """The entropy model of one tensor (c, h, w)."""

    def __init__(self, weights: Mapping[str, NDArray[Any]]) -> None:
        self.scales = Scales.load(weights)
        self.quality = integers(weights["quality"])  # (256, width)
        self.side = conv(weights, "side") if "side.weight" in weights else None
        self.context = [conv(weights, f"context.{p}") for p in range(3)]
        self.hidden = [conv(weights, f"hidden.{p}") for p in range(4)]
        self.out = [conv(weights, f"out.{p}") for p in range(4)]
        self.c = self.scales.gain.shape[1]

    def run(self, side: Ints | None, q: int, h: int, w: int, resolve: Resolve) -> Ints:
        """Go through the passes; `resolve` takes or gives each pass's symbols. Returns the values, activation units."""
        features = np.broadcast_to(self.quality[q][:, None, None], (self.quality.shape[1], h, w))
        if self.side is not None:
            assert side is not None
            features = features + self.side(side)
        values = np.zeros((self.c, h, w), np.int64)
        flat = values.reshape(-1)
        for p, where in enumerate(masks(self.c, h, w)):
            f = relu(features + self.context[p - 1](values)) if p else relu(features)
            out = self.out[p](relu(self.hidden[p](f)))
            channel = where // (h * w)
            mean = clip(out[: self.c]).reshape(-1)[where]
            scale = clip(out[self.c :]).reshape(-1)[where]
            means = shift(mean * self.scales.gain[q, channel], 16)
            indices = np.clip(shift(OCTAVE * scale + self.scales.offset[q, channel], 12), 0, 63)
            flat[where] = self.scales.value(resolve(where, indices, means), means, q, channel)
        return values


assert LIMIT == 1 << 19
