"""The checkpoint of a stage: one file, replaced whole, from which a run that was stopped goes on."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import torch
from torch import nn

from intaglio.train.meter import Meter

State = dict[str, torch.Tensor]


def replace(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a file beside `path` that takes its name at the end, so that there is never half a file."""
    temporary = path.with_name(path.name + ".tmp")
    write(temporary)
    os.replace(temporary, path)


class Checkpoint:
    """FOLDER/checkpoint.pt: the networks, their averages, the optimiser, the step, FLOPs and seconds so far."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "checkpoint.pt"

    @property
    def step(self) -> int:
        """Steps done; 0 where there is no checkpoint."""
        if not self.path.exists():
            return 0
        step: int = torch.load(self.path, mmap=True, weights_only=True)["step"]
        return step

    def average(self) -> State:
        """The averaged weights."""
        state: State = torch.load(self.path, map_location="cpu", weights_only=True)["average"]
        return state

    def save(
        self, step: int, model: nn.Module, average: nn.Module, optimiser: torch.optim.Optimizer, meter: Meter
    ) -> None:
        state = {
            "model": model.state_dict(), "average": average.state_dict(), "optimiser": optimiser.state_dict(),
            "step": step, "flops": meter.flops, "seconds": meter.seconds, "costs": meter.costs,
        }  # fmt: skip
        replace(self.path, lambda path: torch.save(state, path))

    def resume(
        self, model: nn.Module, average: nn.Module, optimiser: torch.optim.Optimizer, meter: Meter, device: torch.device
    ) -> int:
        """Fill all of them from the file, where there is one; returns the steps done."""
        if not self.path.exists():
            return 0
        state = torch.load(self.path, map_location=device, weights_only=True)
        model.load_state_dict(state["model"])
        average.load_state_dict(state["average"])
        optimiser.load_state_dict(state["optimiser"])
        meter.flops, meter.seconds = state["flops"], state["seconds"]
        meter.costs = state.get("costs", {})  # older ones have none
        step: int = state["step"]
        return step
