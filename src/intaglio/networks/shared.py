"""Networks that others hold and do not own: a frozen checkpoint of gigabytes under a codec that is trained over it."""

from __future__ import annotations

from typing import Any, Generic, Self, TypeVar

from torch import nn

from intaglio.networks.layout import channels_last

Net = TypeVar("Net", bound=nn.Module)


class Shared(Generic[Net]):
    """A frozen network that is no part of its holders' state: never trained, averaged, stored or moved; copies share it."""

    def __init__(self, net: Net) -> None:
        self.net = channels_last(net).eval().requires_grad_(False)

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self
