"""The processes that train one model, as `accelerate launch` starts them: one a device; or the only one there is.

Each draws batches of its own and sees the mean of all gradients, so that all hold the same weights. The first one alone
makes caches, judges, and writes.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import torch

PATIENCE = timedelta(days=2)  # that processes wait for the first one, which may be making caches


@dataclass(frozen=True)
class Team:
    """Where this process stands."""

    rank: int
    size: int
    device: torch.device

    @property
    def first(self) -> bool:
        return self.rank == 0

    def seeds(self, *numbers: int) -> tuple[int, ...]:
        """Seeds of this process out of all processes' numbers; the first one's are these."""
        return (*numbers, self.rank) if self.rank else numbers

    def agree(self, wish: bool) -> bool:
        """Whether every process wishes so."""
        if self.size == 1:
            return wish
        mean: torch.Tensor = _reduce(torch.tensor([float(wish)], device=self.device))
        return float(mean) == 1.0

    def average(self, parameters: Sequence[torch.Tensor]) -> None:
        """Every gradient becomes the mean of all processes'."""
        if self.size == 1:
            return
        gradients = [torch.zeros_like(p) if p.grad is None else p.grad for p in parameters]
        flat = _reduce(torch.cat([g.flatten() for g in gradients]))
        for parameter, part in zip(parameters, flat.split([g.numel() for g in gradients])):
            parameter.grad = part.view_as(parameter).contiguous(memory_format=torch.preserve_format)

    def wait(self) -> None:
        """Until every process has come here."""
        if self.size > 1:
            from accelerate import PartialState

            PartialState().wait_for_everyone()


def _reduce(tensor: torch.Tensor) -> torch.Tensor:
    from accelerate.utils import reduce

    mean: torch.Tensor = reduce(tensor, "mean")
    return mean


@functools.cache
def team() -> Team:
    """Of the environment; accelerate is needed only where there are several."""
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        return Team(0, 1, torch.device("cuda" if torch.cuda.is_available() else "cpu"))
    from accelerate import PartialState

    state = PartialState(cpu=not torch.cuda.is_available(), timeout=PATIENCE)
    return Team(state.process_index, state.num_processes, state.device)
