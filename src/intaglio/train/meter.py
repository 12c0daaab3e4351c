"""What a stage costs and how it goes: FLOPs and seconds in all; rates and means of the steps since the last report."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from torch.utils.flop_counter import FlopCounterMode

from intaglio.train.batches import Crops


class Meter:
    """Counts the FLOPs of the first batch of every kind (see `Crops.kind`); further ones of that kind cost the same.

    Counting takes other paths through some backward passes, whose sums are rounded otherwise. So `costs` are part of a
    checkpoint, and a run that goes on counts where one that was never stopped would.
    """

    def __init__(self) -> None:
        self.flops, self.seconds = 0.0, 0.0  # in all, resumed runs included
        self.costs: dict[tuple[object, ...], int] = {}  # FLOPs by kind
        self._clear()

    def _clear(self) -> None:
        self._flops, self._seconds, self._samples = 0.0, 0.0, 0
        self._sums: dict[str, tuple[float, int]] = {}

    @contextmanager
    def step(self, batch: Crops) -> Iterator[dict[str, float]]:
        """Around all that is computed for a batch; what is put into the dictionary is averaged in the report."""
        values: dict[str, float] = {}
        begun = time.perf_counter()
        if batch.kind in self.costs:
            yield values
        else:
            with FlopCounterMode(display=False) as counter:
                yield values
            self.costs[batch.kind] = counter.get_total_flops()
        self._add(time.perf_counter() - begun, self.costs[batch.kind], len(batch), values)

    @contextmanager
    def update(self) -> Iterator[dict[str, float]]:
        """Around what follows the batches of a step; values as in `step`."""
        values: dict[str, float] = {}
        begun = time.perf_counter()
        yield values
        self._add(time.perf_counter() - begun, 0, 0, values)

    def _add(self, seconds: float, flops: int, samples: int, values: dict[str, float]) -> None:
        self.flops, self.seconds = self.flops + flops, self.seconds + seconds
        self._flops, self._seconds = self._flops + flops, self._seconds + seconds
        self._samples += samples
        for key, value in values.items():
            total, count = self._sums.get(key, (0.0, 0))
            self._sums[key] = total + value, count + 1

    def report(self) -> dict[str, float]:
        """Means of the values, `gflops` (10^9 a second) and `samples` (a second) since the last report."""
        means = {key: total / count for key, (total, count) in self._sums.items()}
        seconds = max(self._seconds, 1e-9)
        rates = {"gflops": self._flops / seconds / 1e9, "samples": self._samples / seconds}
        self._clear()
        return means | rates
