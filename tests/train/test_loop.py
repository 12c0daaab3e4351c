"""The loop on a toy: its schedule, and that a killed run which goes on equals one that was never stopped."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from intaglio.train import loop
from intaglio.train.recipe import StageConfig

CFG = StageConfig(steps=12, warmup=4, lr=1e-2, validate=100, save=4)


@dataclass
class Points:
    x: torch.Tensor


class Toy:
    name = "toy"

    def __init__(self, killed_at: int = -1) -> None:
        torch.manual_seed(0)
        self.model: nn.Module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 1, 1))
        self.steps, self.killed_at = 0, killed_at

    def sample(self, rng: np.random.Generator) -> Points:
        return Points(torch.from_numpy(rng.random((2, 3, 8, 8), np.float32)))

    def loss(self, batch: Points) -> tuple[torch.Tensor, dict[str, float]]:
        if self.steps == self.killed_at:
            raise KeyboardInterrupt
        self.steps += 1
        return (self.model(batch.x) + torch.randn(2, 1, 6, 6)).square().mean(), {}

    def validate(self, model: nn.Module) -> tuple[dict[str, float], Image.Image]:
        return {}, Image.new("RGB", (1, 1))


def test_the_learning_rate_warms_up_and_falls_to_a_fiftieth() -> None:
    rates = [loop.learning_rate(step, CFG) for step in range(13)]
    assert rates[0] == pytest.approx(CFG.lr / 4)
    assert max(rates) == rates[4] == pytest.approx(CFG.lr)
    assert rates[4:] == sorted(rates[4:], reverse=True)
    assert rates[12] == pytest.approx(0.02 * CFG.lr)


def test_a_killed_run_goes_on_to_the_same_parameters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "best_dtype", lambda device: torch.float32)
    whole = Toy()
    wanted = loop.train(whole, CFG, tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        loop.train(Toy(killed_at=6), CFG, tmp_path / "killed")
    resumed = Toy()
    found = loop.train(resumed, CFG, tmp_path / "killed")
    assert resumed.steps == 8
    for a, b in ((whole.model, resumed.model), (wanted, found)):
        assert all(torch.equal(p, q) for p, q in zip(a.state_dict().values(), b.state_dict().values()))


def test_a_deadline_stops_a_run_that_can_go_on(tmp_path: Path) -> None:
    loop.train(Toy(), CFG, tmp_path, deadline=0)
    assert torch.load(tmp_path / "checkpoint.pt", weights_only=True)["step"] == 0
    loop.train(Toy(), replace(CFG, steps=2), tmp_path)
    assert torch.load(tmp_path / "checkpoint.pt", weights_only=True)["step"] == 2
