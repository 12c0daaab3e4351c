"""Networks that others hold and do not own: a frozen checkpoint of gigabytes under a codec that is trained over it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, Self, TypeVar

import torch
from torch import nn

from intaglio.networks.layout import frozen

Net = TypeVar("Net", bound=nn.Module)


class Shared(Generic[Net]):
    """A frozen network that is no part of its holders' state: never trained, averaged or stored; copies share it."""

    def __init__(self, net: Net) -> None:
        self.net = frozen(net)

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self


class Holder(nn.Module):
    """A module over a shared network, which goes with it from device to device and from one number format to another."""

    def __init__(self, shared: Shared[Any]) -> None:
        super().__init__()
        self.shared = shared

    def _apply(self, fn: Callable[[torch.Tensor], torch.Tensor], recurse: bool = True) -> Self:
        self.shared.net._apply(fn, recurse)
        return super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
