"""The average of a model's weights over steps: what is validated, and what the next stage starts from."""

from __future__ import annotations

import copy
from typing import Generic, TypeVar

import torch
from torch import nn

from intaglio.networks.operators import move_towards

Net = TypeVar("Net", bound=nn.Module)


class Ema(Generic[Net]):
    """An exponential moving average of the weights that are trained; the others stay as they began.

    The first steps count for more than `decay` would give them, so that the start is soon forgotten.
    """

    def __init__(self, model: Net, decay: float) -> None:
        self.model, self.decay = copy.deepcopy(model).eval(), decay
        pairs = [(a, p) for a, p in zip(self.model.parameters(), model.parameters()) if p.requires_grad]
        self.averages: list[torch.Tensor] = [a for a, _ in pairs]
        self.parameters: list[torch.Tensor] = [p for _, p in pairs]

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Take in the weights after `step` steps (1 after the first)."""
        decay = min(self.decay, (1 + step) / (10 + step))
        move_towards(self.averages, self.parameters, 1 - decay)
