"""PyTorch's private operators, all that are used here, and what to do where a version of it lacks them or has others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

mkldnn: Any = torch.ops.mkldnn


@dataclass(frozen=True)
class Geometry:
    """How a convolution goes over its input."""

    padding: list[int]
    stride: list[int]
    dilation: list[int]
    groups: int

    @classmethod
    def of(cls, conv: nn.Conv2d) -> Geometry:
        return cls([int(side) for side in conv.padding], list(conv.stride), list(conv.dilation), conv.groups)


def laid_out(weight: torch.Tensor, how: Geometry, shape: Sequence[int]) -> torch.Tensor:
    """The weights (C', C, kh, kw) as this processor likes them for inputs of the shape: opaque, for `convolve`."""
    out: torch.Tensor = mkldnn._reorder_convolution_weight(
        weight, how.padding, how.stride, how.dilation, how.groups, list(shape)
    )
    return out


def convolve(x: torch.Tensor, laid: torch.Tensor, bias: torch.Tensor | None, how: Geometry) -> torch.Tensor:
    """The convolution (B, C, H, W) to (B, C', H', W') by weights that are laid out for x's shape."""
    out: torch.Tensor = mkldnn._convolution_pointwise(
        x, laid, bias, how.padding, how.stride, how.dilation, how.groups, "none", [], ""
    )
    return out


def packs(dtype: torch.dtype) -> bool:
    """Whether both are here and work for the type; whoever asks takes plain convolutions where not."""
    x, weight = torch.zeros(1, 1, 3, 3, dtype=dtype), torch.zeros(1, 1, 3, 3, dtype=dtype)
    how = Geometry([0, 0], [1, 1], [1, 1], 1)
    try:
        convolve(x, laid_out(weight, how, x.shape), None, how)
    except (AttributeError, RuntimeError, TypeError):  # absent, not for this processor, called in another way
        return False
    return bool(torch.backends.mkldnn.enabled)


def counted() -> dict[Any, Any]:
    """Operations of these operators, for `torch.utils.flop_counter`, which does not know them."""

    def convolution(x: Sequence[int], weight: Sequence[int], *_: Any, out_shape: Sequence[int], **__: Any) -> int:
        return 2 * torch.Size(out_shape).numel() * torch.Size(weight[1:]).numel()

    operator = getattr(mkldnn, "_convolution_pointwise", None)
    return {} if operator is None else {operator: convolution}


def move_towards(averages: list[torch.Tensor], values: list[torch.Tensor], share: float) -> None:
    """Every average moves by a share of its way to its value, in place."""
    try:
        torch._foreach_lerp_(averages, values, share)
    except AttributeError:
        for average, value in zip(averages, values, strict=True):
            average.lerp_(value, share)
