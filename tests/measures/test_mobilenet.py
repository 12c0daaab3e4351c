"""MobileNetV2's features as a loss: the network is torchvision's, normalisations folded; random weights throughout."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from intaglio.errors import WeightsError
from intaglio.measures.mobilenet import FILE, PLAN, MobileNet


def unit(i: int, o: int, groups: int = 1, stride: int = 1, side: int = 1) -> tuple[nn.Conv2d, nn.BatchNorm2d]:
    conv, norm = nn.Conv2d(i, o, side, stride, side // 2, groups=groups, bias=False), nn.BatchNorm2d(o).eval()
    for tensor, low in ((norm.weight, 0.5), (norm.bias, -0.5), (norm.running_mean, -0.5), (norm.running_var, 0.5)):
        assert tensor is not None
        nn.init.uniform_(tensor, low, low + 1)
    return conv, norm


def plain() -> tuple[dict[str, Tensor], list[list[tuple[nn.Conv2d, nn.BatchNorm2d]]]]:
    """Random weights under torchvision's names, and the blocks that they belong to, written out as they run."""
    state: dict[str, Tensor] = {}

    def keep(
        conv_name: str, norm_name: str, pair: tuple[nn.Conv2d, nn.BatchNorm2d]
    ) -> tuple[nn.Conv2d, nn.BatchNorm2d]:
        state[f"{conv_name}.weight"] = pair[0].weight.detach()
        for key, tensor in pair[1].state_dict().items():
            if key != "num_batches_tracked":
                state[f"{norm_name}.{key}"] = tensor
        return pair

    blocks = [[keep("features.0.0", "features.0.1", unit(3, 32, 1, 2, 3))]]
    i, number = 32, 1
    for widening, o, count, first in PLAN:
        for k in range(count):
            c, stride, place = i * widening, first if k == 0 else 1, f"features.{number}.conv"
            at, block = 0, []
            if widening > 1:
                block.append(keep(f"{place}.0.0", f"{place}.0.1", unit(i, c)))
                at = 1
            block.append(keep(f"{place}.{at}.0", f"{place}.{at}.1", unit(c, c, c, stride, 3)))
            block.append(keep(f"{place}.{at + 1}", f"{place}.{at + 2}", unit(c, o)))
            blocks.append(block)
            i, number = o, number + 1
    keep("features.18.0", "features.18.1", unit(320, 1280))
    return state, blocks


def test_it_is_the_network_of_the_file(tmp_path: Path) -> None:
    torch.manual_seed(0)
    state, blocks = plain()
    save_file(state, tmp_path / FILE)
    model, x = MobileNet(tmp_path), torch.rand(1, 3, 64, 64)
    y = model.normalise(x)
    with torch.no_grad():
        for number, block in enumerate(blocks):
            before = y
            for conv, norm in block[:-1] if number else block:
                y = norm(conv(y)).clamp(0, 6)
            if number:
                y = block[-1][1](block[-1][0](y))
                y = before + y if before.shape == y.shape else y
    stages = model.features(x)
    assert [f.shape[2] for f in stages] == [32, 16, 8, 4, 2]
    torch.testing.assert_close(stages[-1], y / y.norm(dim=1, keepdim=True), atol=1e-4, rtol=1e-3)


def test_distance() -> None:
    torch.manual_seed(0)
    model, x, noise = MobileNet(None), torch.rand(2, 3, 64, 64), torch.randn(2, 3, 64, 64)
    near, far = model(x, x + 0.05 * noise), model(x, x + 0.3 * noise)
    assert near.shape == (2,) and not model(x, x).any()
    assert (near < far).all() and (far < 4).all()
    y = x.clone().requires_grad_()
    model(y, x + 0.1 * noise).sum().backward()
    assert y.grad is not None and y.grad.any()
    assert not any(p.requires_grad for p in model.parameters())


def test_a_missing_or_wrong_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="cannot be read as weights of MobileNetV2"):
        MobileNet(tmp_path)
    save_file({"features.0.0.weight": torch.zeros(32, 3, 3, 3)}, tmp_path / FILE)
    with pytest.raises(WeightsError, match="cannot be read as weights of MobileNetV2"):
        MobileNet(tmp_path)
