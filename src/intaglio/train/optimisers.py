"""What moves the weights: AdamW, its two averages in fp32 or, where they would not fit, in eight bits."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

import torch

from intaglio.train.training_errors import TrainingError

SETTINGS: dict[str, Any] = {"betas": (0.9, 0.98), "weight_decay": 1e-4}


def optimiser(parameters: Sequence[torch.nn.Parameter], lr: float, *, eight_bit: bool) -> torch.optim.Optimizer:
    """Raises TrainingError where eight bits are asked for and cannot be had."""
    if not eight_bit:
        return torch.optim.AdamW(parameters, lr=lr, fused=True, **SETTINGS)
    if not find_spec("bitsandbytes"):
        raise TrainingError("eight_bit needs bitsandbytes: `pip install bitsandbytes`, or leave it out of the recipe")
    from bitsandbytes.optim import AdamW8bit

    small: torch.optim.Optimizer = AdamW8bit(parameters, lr=lr, **SETTINGS)
    return small
