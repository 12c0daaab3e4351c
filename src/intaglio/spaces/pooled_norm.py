"""Group normalisation by statistics that are taken once, so that tiles of a picture do not show.

An autoencoder whose normalisations see the whole picture cannot be tiled as it is: each tile would have a tone of its own.
Here the statistics come from samples that lie all over the picture, run together as one batch, whose normalisations pool
over all of it; every tile then goes by these.
"""

from __future__ import annotations

import copy

import torch
from torch import nn

from intaglio.networks.layout import Net


class PooledNorm(nn.Module):
    """What `norm` does, with statistics of the first batch (B, C, h, w) that it sees, pooled over B, for all that follow."""

    def __init__(self, norm: nn.GroupNorm) -> None:
        super().__init__()
        self.groups, self.eps, self.weight, self.bias = norm.num_groups, norm.eps, norm.weight, norm.bias
        self.statistics: tuple[torch.Tensor, torch.Tensor] | None = None  # mean and deviation (groups,)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        b, c, h, w = x.shape
        grouped = x.float().view(b, self.groups, c // self.groups, h, w)
        if self.statistics is None:
            mean, variance = grouped.mean((0, 2, 3, 4)), grouped.var((0, 2, 3, 4), correction=0)
            self.statistics = mean, (variance + self.eps).sqrt()
        mean, deviation = (s[None, :, None, None, None] for s in self.statistics)
        normed = ((grouped - mean) / deviation).view(b, c, h, w).to(x.dtype)
        return torch.addcmul(self.bias[:, None, None], normed, self.weight[:, None, None])


def pooled(net: Net) -> Net:
    """A copy of the network that shares its weights and normalises so; it serves one picture."""
    twin = copy.deepcopy(net, {id(p): p for p in net.parameters()})
    for module in list(twin.modules()):
        for name, child in module.named_children():
            if isinstance(child, nn.GroupNorm):
                setattr(module, name, PooledNorm(child))
    return twin
