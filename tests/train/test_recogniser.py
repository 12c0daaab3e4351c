"""Recogniser and landmarks: shapes, geometry, strict loading; random weights throughout."""

import math
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from intaglio.errors import WeightsError
from intaglio.faces import landmarks68, recogniser
from intaglio.faces.landmarks68 import LandmarkFinder, LandmarkNet, crop
from intaglio.faces.recogniser import SIDE, TEMPLATE, FaceRecogniser, RecogniserNet, align, five_points, similarity


def test_similarity_finds_rotation_scale_and_shift() -> None:
    torch.manual_seed(0)
    source = torch.randn(2, 5, 2) * 30
    angle, scale = 0.4, 1.7
    turn = scale * torch.tensor([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    shift = torch.tensor([5.0, -3.0])
    matrix, moved = similarity(source, source @ turn.T + shift)
    assert torch.allclose(matrix, turn.expand(2, 2, 2), atol=1e-4)
    assert torch.allclose(moved, shift.expand(2, 2), atol=1e-3)


def test_similarity_is_least_squares_and_never_mirrors() -> None:
    torch.manual_seed(1)
    source, target = torch.randn(1, 5, 2), torch.randn(1, 5, 2)
    matrix, shift = similarity(source, target)
    error = (source @ matrix.transpose(1, 2) + shift - target).square().sum()
    for _ in range(20):
        a, b = torch.randn(2) * 0.05
        other = matrix + torch.tensor([[a, -b], [b, a]])
        assert (source @ other.transpose(1, 2) + shift - target).square().sum() >= error
    assert torch.linalg.det(similarity(source, source * torch.tensor([-1.0, 1.0]))[0]) >= 0


def test_aligned_points_land_on_the_template() -> None:
    x = torch.zeros(1, 3, 160, 200)
    points = (torch.tensor(TEMPLATE)[None] + 0.5) * 1.2 + torch.tensor([20.0, 10.0])
    for k, (u, v) in enumerate(points[0].round().int().tolist()):
        x[0, :, v - 3 : v + 4, u - 3 : u + 4] = 1 + k
    crops = align(x, points)
    assert crops.shape == (1, 3, SIDE, SIDE)
    for k, (u, v) in enumerate(TEMPLATE):
        assert crops[0, 0, round(v), round(u)] == pytest.approx(1 + k, abs=0.05)


def test_crop_is_where_it_is_asked_for() -> None:
    x = torch.zeros(1, 1, 100, 120)
    x[0, 0, 40:60, 70:90] = 1
    inside = crop(x, torch.tensor([[80.0, 50.0]]), torch.tensor([18.0]))
    assert inside.shape == (1, 1, 64, 64)
    assert torch.allclose(inside, torch.ones_like(inside))
    assert crop(x, torch.tensor([[80.0, 50.0]]), torch.tensor([40.0])).mean() == pytest.approx(0.25, abs=0.01)


def test_shapes_and_gradient() -> None:
    torch.manual_seed(0)
    x = torch.rand(2, 3, 96, 96)
    points = LandmarkFinder(None)(x)
    assert points.shape == (2, 68, 2)
    assert five_points(points).shape == (2, 5, 2)
    who = FaceRecogniser(None)
    middle = torch.rand(2, 68, 2) * 60 + 18
    vectors = who.embed(x, middle)
    assert torch.allclose(vectors.norm(dim=1), torch.ones(2), atol=1e-5)
    y = (x + 0.1 * torch.rand_like(x)).requires_grad_()
    (1 - (vectors * who.embed(y, middle)).sum(1)).sum().backward()
    assert y.grad is not None
    assert torch.isfinite(y.grad).all()
    assert y.grad.abs().sum() > 0


def write(folder: Path, drop: str | None = None) -> None:
    """Both files as they are distributed, of random weights."""
    tensors = {name: t.contiguous() for name, t in RecogniserNet().state_dict().items()}
    if drop is not None:
        del tensors[drop]
    save_file({k: v.contiguous() for k, v in tensors.items()}, folder / recogniser.FILE)
    tensors = dict(LandmarkNet().state_dict())
    tensors |= {f"bn.{k}": torch.rand(136) + 0.5 for k in ("weight", "bias", "running_mean", "running_var")}
    save_file({k: v.contiguous() for k, v in tensors.items()}, folder / landmarks68.FILE)


def test_loading_folds_the_last_normalisation(tmp_path: Path) -> None:
    torch.manual_seed(0)
    write(tmp_path)
    x = torch.rand(1, 1, 64, 64)
    ours, plain = LandmarkNet().eval(), LandmarkNet().eval()
    ours.load(tmp_path)
    tensors = load_file(tmp_path / landmarks68.FILE)
    norm = torch.nn.BatchNorm1d(136).eval()
    norm.load_state_dict(
        {k.removeprefix("bn."): tensors.pop(k) for k in list(tensors) if k.startswith("bn.")}, strict=False
    )
    plain.load_state_dict(tensors)
    assert torch.allclose(ours(x), norm(plain(x).flatten(1)).view(1, 68, 2), atol=1e-5)


def test_wrong_files_are_errors(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="cannot be read"):
        FaceRecogniser(tmp_path)
    with pytest.raises(WeightsError, match="cannot be read"):
        LandmarkFinder(tmp_path)
    write(tmp_path, drop="conv2.conv.bias")
    with pytest.raises(WeightsError, match=r"conv2\.conv\.bias"):
        FaceRecogniser(tmp_path)
    save_file({"a": torch.zeros(1)}, tmp_path / landmarks68.FILE)
    with pytest.raises(WeightsError, match="cannot be read"):
        LandmarkFinder(tmp_path)
