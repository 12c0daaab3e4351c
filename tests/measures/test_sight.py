"""What effort sees by: small, with slopes, and refused when it is damaged."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from intaglio.errors import WeightsError
from intaglio.measures.sight import FILE, Sight
from intaglio.train.generated import picture


@pytest.fixture(scope="module")
def sight() -> Sight:
    return Sight.packaged()


@pytest.fixture(scope="module")
def x() -> torch.Tensor:
    return torch.from_numpy(np.asarray(picture(112, 2)).copy()).permute(2, 0, 1)[None].float() / 255


def test_it_is_small(sight: Sight) -> None:
    assert FILE.stat().st_size < 2_000_000
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        sight.look.features(torch.rand(1, 3, 256, 256))
        sight.person(torch.rand(1, 3, 112, 112))
    assert counter.get_total_flops() < 2e9


def test_distances_grow_with_what_is_lost(sight: Sight, x: torch.Tensor) -> None:
    known = sight.look.features(x)
    worse = [torch.nn.functional.avg_pool2d(x, k, 1, k // 2)[..., :112, :112] for k in (1, 3, 7)]
    far = [float(sight.look.distance(sight.look.features(y), known)) for y in worse]
    assert far[0] == 0 < far[1] < far[2]


def test_gradients_pass_to_pictures_alone(sight: Sight, x: torch.Tensor) -> None:
    y = (0.9 * x).requires_grad_()
    distance = sight.look.distance(sight.look.features(y), sight.look.features(x)).sum()
    vectors = sight.person(y)
    assert vectors.shape == (1, 512) and float(vectors.detach().norm()) == pytest.approx(1, abs=1e-4)
    (slope,) = torch.autograd.grad(distance - (vectors * sight.person(x)).sum(), y)
    assert slope.abs().max() > 0
    assert not any(parameter.requires_grad for parameter in sight.parameters())


def test_damage_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "sight.safetensors"
    path.write_bytes(FILE.read_bytes()[:-100])
    with pytest.raises(WeightsError, match=r"^[^\n]+$"):
        Sight.packaged(path)
