"""The loop on a toy: its schedule, and that a killed run which goes on equals one that was never stopped."""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from intaglio.train import loop, optimisers
from intaglio.train.batches import Crops
from intaglio.train.chain import Chain
from intaglio.train.checkpoint import Checkpoint
from intaglio.train.resources import Resources
from intaglio.train.stages.stage import Judgement, Losses, Stage, StageConfig
from intaglio.train.training_errors import TrainingError


@dataclass(frozen=True, kw_only=True)
class ToyConfig(StageConfig):
    def part(self, chain: Chain) -> nn.Module:
        raise AssertionError("a toy is no part of a codec")

    def build(self, chain: Chain, resources: Resources) -> Stage[Any]:
        raise AssertionError("a toy needs no codec")


CONFIG = ToyConfig(steps=12, warmup=4, lr=1e-2, validate=100, save=4)


class Toy:
    name = "toy"

    def __init__(self, killed_at: int = -1) -> None:
        torch.manual_seed(0)
        self.model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 1, 1))
        self.steps, self.killed_at = 0, killed_at

    def sample(self, rng: np.random.Generator) -> Crops:
        nothing = torch.zeros(2)
        return Crops(torch.from_numpy(rng.random((2, 3, 8, 8), np.float32)), nothing, nothing, nothing, nothing, False)

    def loss(self, batch: Crops) -> Losses:
        if self.steps == self.killed_at:
            raise KeyboardInterrupt
        self.steps += 1
        return (self.model(batch.x) + torch.randn(2, 1, 6, 6)).square().mean(), {"two": 2.0}

    def validate(self, model: nn.Sequential) -> Judgement:
        return {"seen": 1.0}, Image.new("RGB", (1, 1))


def test_the_learning_rate_warms_up_and_falls_to_a_fiftieth() -> None:
    rates = [loop.learning_rate(step, CONFIG) for step in range(13)]
    assert rates[0] == pytest.approx(CONFIG.lr / 4)
    assert max(rates) == rates[4] == pytest.approx(CONFIG.lr)
    assert rates[4:] == sorted(rates[4:], reverse=True)
    assert rates[12] == pytest.approx(0.02 * CONFIG.lr)


def test_a_killed_run_goes_on_to_the_same_parameters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "best_dtype", lambda device: torch.float32)
    whole = Toy()
    average = loop.train(whole, CONFIG, tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        loop.train(Toy(killed_at=6), CONFIG, tmp_path / "killed")
    assert Checkpoint(tmp_path / "killed").step == 4
    resumed = Toy()
    again = loop.train(resumed, CONFIG, tmp_path / "killed")
    assert resumed.steps == 8
    for a, b in ((whole.model, resumed.model), (average, again)):
        assert all(torch.equal(p, q) for p, q in zip(a.state_dict().values(), b.state_dict().values()))
    kept = Checkpoint(tmp_path / "killed").average()
    assert all(torch.equal(kept[name], tensor) for name, tensor in average.state_dict().items())


def test_a_deadline_stops_a_run_that_can_go_on(tmp_path: Path) -> None:
    loop.train(Toy(), CONFIG, tmp_path, deadline=0)
    assert Checkpoint(tmp_path).step == 0
    loop.train(Toy(), replace(CONFIG, steps=2), tmp_path)
    assert Checkpoint(tmp_path).step == 2


def test_what_is_written_down(tmp_path: Path) -> None:
    loop.train(Toy(), replace(CONFIG, steps=40, validate=30), tmp_path)
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [20, 30, 40, 40]
    assert lines[0].keys() == {"step", "time", "two", "loss", "norm", "gflops", "samples", "lr"}
    assert lines[0]["two"] == 2.0
    # Forward 2 * 2 * (36 * 4 * 27 + 36 * 4); backward once more for each weight, and for the second layer's input.
    per_step = 4 * (36 * 108 + 36 * 4) + 4 * (36 * 108 + 2 * 36 * 4) - 4 * 36 * 4
    assert lines[1]["val/seen"] == 1.0
    assert lines[3]["pflop"] * 1e15 == pytest.approx(0, abs=1e9)
    assert torch.load(tmp_path / "checkpoint.pt", weights_only=True)["flops"] == pytest.approx(40 * per_step, rel=0.2)
    assert {path.name for path in tmp_path.glob("*.png")} == {"sheet-000030.png", "sheet-000040.png"}


def test_an_optimiser_that_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(optimisers, "find_spec", lambda name: None)
    with pytest.raises(TrainingError, match="pip install bitsandbytes"):
        loop.train(Toy(), replace(CONFIG, eight_bit=True), tmp_path)
