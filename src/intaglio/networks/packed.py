"""Convolutions with weights laid out for this processor once for each size of input, not anew at every call.

Results are the same; small pictures gain most. The layout hangs on the size, and the wrong one is slower than none, so
each convolution keeps those of the last few sizes.
"""

from __future__ import annotations

from typing import Any, TypeVar

import torch
from torch import nn

from intaglio.networks.operators import Geometry, convolve, laid_out, packs

Net = TypeVar("Net", bound=nn.Module)
KEPT = 2  # sizes


class PackedConv2d(nn.Module):
    """What `conv` does, without gradient."""

    def __init__(self, conv: nn.Conv2d) -> None:
        super().__init__()
        self.how = Geometry.of(conv)
        self.weight = conv.weight.detach()
        self.bias = None if conv.bias is None else conv.bias.detach()
        self.layouts: dict[tuple[int, ...], Any] = {}

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x.to(self.weight.dtype).contiguous(memory_format=torch.channels_last)
        shape = tuple(x.shape)
        weight = self.layouts.get(shape)
        if weight is None:
            weight = laid_out(self.weight, self.how, shape)
            # A new dictionary each time, never one that changes: several threads may be here at once.
            self.layouts = {**dict(list(self.layouts.items())[1 - KEPT :]), shape: weight}
        return convolve(x, weight, self.bias, self.how)


class PackedLinear(nn.Module):
    """What `linear` does, without gradient: a single vector (1, C) by a matrix-vector product, which starts sooner."""

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        self.plain, self.dtype = linear, linear.weight.dtype
        self.weight, self.bias = linear.weight.detach().float(), linear.bias.detach().float()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if x.shape[:-1] != (1,):
            out: torch.Tensor = self.plain(x)
            return out
        return torch.addmv(self.bias, self.weight, x[0].float()).to(self.dtype)[None]


def packed(net: Net) -> Net:
    """The network with dense 3x3 convolutions and linear layers packed in place, where the machine can.

    It is not to be saved or trained any more.
    """
    sample = next(net.parameters())
    if sample.is_cpu and packs(sample.dtype):
        for module in list(net.modules()):
            for name, child in module.named_children():
                if isinstance(child, nn.Conv2d) and child.kernel_size == (3, 3) and child.groups == 1:
                    setattr(module, name, PackedConv2d(child))
                elif isinstance(child, nn.Linear) and child.bias is not None:
                    setattr(module, name, PackedLinear(child))
    return net
