"""Networks laid out for use: the order of weights in which processors compute fastest, and no gradients to them."""

from __future__ import annotations

from typing import TypeVar

import torch
from torch import nn

Net = TypeVar("Net", bound=nn.Module)


def channels_last(module: Net) -> Net:
    """The module with its convolutions' weights in the order in which CPUs and GPUs compute fastest."""
    return module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def frozen(module: Net, device: torch.device | str = "cpu") -> Net:
    """The module for use: on the device, channels last, no gradients to its weights (they still pass to its inputs)."""
    return channels_last(module).eval().requires_grad_(False).to(device)
