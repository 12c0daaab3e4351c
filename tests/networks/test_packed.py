"""Packed convolutions give what plain ones give, at any size and stride."""

import copy
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from intaglio.networks import operators
from intaglio.networks.blocks import ResBlock, conv3
from intaglio.networks.packed import KEPT, PackedConv2d, PackedLinear, packed


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


@pytest.mark.parametrize("lacking", ["_reorder_convolution_weight", "_convolution_pointwise"])
def test_without_private_operators_results_are_the_same(lacking: str, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    net, x = nn.Sequential(ResBlock(8), nn.Conv2d(8, 8, 3, padding=1)), torch.randn(1, 8, 9, 7)
    with torch.inference_mode():
        wanted = packed(copy.deepcopy(net))(x)
        there = {
            name: getattr(operators.mkldnn, name, None)
            for name in ("_reorder_convolution_weight", "_convolution_pointwise")
        }
        monkeypatch.setattr(operators, "mkldnn", SimpleNamespace(**{k: v for k, v in there.items() if k != lacking}))
        plain = packed(copy.deepcopy(net))
        assert not any(isinstance(module, PackedConv2d) for module in plain.modules())
        assert (plain(x) - wanted).abs().max() < 1e-5


def test_moving_averages_without_private_operators(monkeypatch: pytest.MonkeyPatch) -> None:
    averages, values = [torch.zeros(3), torch.ones(2)], [torch.ones(3), torch.zeros(2)]
    monkeypatch.delattr(torch, "_foreach_lerp_")
    operators.move_towards(averages, values, 0.25)
    assert averages[0].tolist() == [0.25] * 3 and averages[1].tolist() == [0.75] * 2


def test_the_layouts_kept_do_not_grow() -> None:
    conv = PackedConv2d(conv3(8, 8, 1))

    def use(side: int) -> None:
        with torch.inference_mode():
            conv(torch.zeros(1, 8, side, side))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(use, [side for _ in range(5) for side in range(8, 24)]))
    assert len(conv.layouts) <= KEPT
