"""Packed convolutions give what plain ones give, at any size and stride."""

import pytest
import torch
from torch import nn

from intaglio.networks.blocks import ResBlock, conv3
from intaglio.networks.packed import PackedConv2d, PackedLinear, packed


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("size", [(8, 8), (32, 20), (64, 64)])
def test_the_same_results(size: tuple[int, int], stride: int) -> None:
    torch.manual_seed(0)
    conv, x = conv3(24, 16, stride), torch.randn(2, 24, *size)
    with torch.inference_mode():
        wanted = conv(x.contiguous(memory_format=torch.channels_last))
        assert (PackedConv2d(conv)(x) - wanted).abs().max() < 1e-5


@pytest.mark.parametrize("shape", [(1, 8), (3, 8), (1, 4, 8)])
def test_linear_layers(shape: tuple[int, ...]) -> None:
    linear = nn.Linear(8, 5)
    with torch.inference_mode():
        x = torch.randn(*shape)
        assert (PackedLinear(linear)(x) - linear(x)).abs().max() < 1e-5


def test_only_dense_3x3_convolutions_are_packed() -> None:
    net = nn.Sequential(ResBlock(8), nn.Conv2d(8, 8, 1), nn.Conv2d(8, 8, 3, padding=1, groups=8))
    with torch.inference_mode():
        x = torch.randn(1, 8, 9, 7)
        wanted = net(x)
        assert (packed(net)(x) - wanted).abs().max() < 1e-5
    assert [type(m) for m in net.modules() if isinstance(m, nn.Conv2d | PackedConv2d)] == [PackedConv2d] * 2 + [
        nn.Conv2d
    ] * 2
