"""Training over a checkpoint: errors fall, a killed run goes on to the same weights, and sums come before it starts."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from intaglio.checkpoints import stable_diffusion
from intaglio.checkpoints.known import KNOWN
from intaglio.cli.main import main
from intaglio.entropy.stream import Stream
from intaglio.errors import WeightsError
from intaglio.testing import COMPRESSOR, STEERING, TinyModel
from intaglio.train import chain, dry_run
from intaglio.train import recipe as recipes
from intaglio.train.checkpoint import Checkpoint
from intaglio.train.estimate import shapes, shapes_of
from intaglio.train.ground import Ground
from intaglio.train.stages.control_stage import ControlStage
from intaglio.weights import codec_file

pytest.importorskip("diffusers")

SIZES = (Path(__file__).parent / "rehearsal.toml").read_text().split("[[rounds]]")[0]
STAGES = """
[[rounds]]
[rounds.compressor]
steps = 30
batch = 4
crop = 8
warmup = 2
lr = 3e-3
ema = 0.8
validate = 15
[rounds.control]
steps = 7
batch = 2
accumulate = 2
recompute = true
crop = 8
whole = 0.0
warmup = 2
lr = 3e-3
ema = 0.8
validate = 7
save = 3
"""


def train(recipe: Path, checkpoint: Path, out: Path) -> int:
    return main(["train", str(recipe), "--checkpoint", str(checkpoint), "--out", str(out)])


def test_errors_fall_and_a_killed_run_goes_on(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(SIZES + STAGES)
    assert train(recipe, checkpoint, tmp_path / "whole") == 0
    log = (tmp_path / "whole/round-1/compressor/log.jsonl").read_text().splitlines()
    judged = [line["val/q64/latent_error"] for line in map(json.loads, log) if "val/q64/latent_error" in line]
    assert judged[-1] < 0.97 * judged[0]

    kept, calls = ControlStage.loss, iter(range(99))

    def killed(self: ControlStage, batch: object) -> object:
        if next(calls) == 9:
            raise KeyboardInterrupt
        return kept(self, batch)  # type: ignore[arg-type]

    # The compressor's stage is the whole run's, so that only `control` is done again.
    (tmp_path / "killed").mkdir()
    for name in ("cache", "generated", "round-1"):
        (tmp_path / "whole" / name).rename(tmp_path / "killed" / name)
    control, weights = tmp_path / "killed/round-1/control", tmp_path / "killed/round-1/fasdiff.safetensors"
    wanted, adapter = Checkpoint(control).average(), codec_file.read("fasdiff", weights)
    for file in control.rglob("*.*"):
        file.unlink()
    weights.unlink()
    monkeypatch.setattr(ControlStage, "loss", killed)
    assert train(recipe, checkpoint, tmp_path / "killed") != 0
    assert 0 < Checkpoint(control).step < 7
    monkeypatch.setattr(ControlStage, "loss", kept)
    assert train(recipe, checkpoint, tmp_path / "killed") == 0
    for name, tensor in Checkpoint(control).average().items():
        assert torch.equal(tensor, wanted[name]), name
    again = codec_file.read("fasdiff", weights)
    assert (again.decoder, again.base) == (adapter.decoder, adapter.base)
    assert Stream.of(again).digest == Stream.of(adapter).digest


def test_a_dry_run_needs_no_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    unet = KNOWN["1.5"].unet | {"layers_per_block": 1, "block_out_channels": (64, 64, 64, 64)}  # for speed
    monkeypatch.setitem(KNOWN, "1.5", replace(KNOWN["1.5"], unet=unet))
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(
        'codec = "fasdiff"\nover_stable_diffusion = true\n[[rounds]]\n[rounds.control]\nsteps = 9\ncrop = 8\n'
        "[rounds.joint]\nsteps = 9\ncrop = 8\nbatch = 16"
    )
    assert main(["train", str(recipe), "--dry-run", "1.5"]) == 0
    said = capsys.readouterr().out
    assert "control: 9 steps of 16 squares of 64 pixels" in said and "RTX 4090" in said
    work = [float(line.split()[-1]) for line in said.splitlines() if "GFLOP a square" in line]
    assert 0 < 3 * work[0] < work[1], "pixels, and several steps of the diffusion"


def test_memory_is_told_of_any_checkpoint(checkpoint: Path, tmp_path: Path) -> None:
    path = tmp_path / "recipe.toml"
    path.write_text(SIZES + STAGES)
    recipe = recipes.read(path)
    stage = recipe.rounds[0].stages["control"]
    assert isinstance(stage, dry_run.Drawing)
    said = dry_run.expected(recipe, stage, shapes(stable_diffusion.load(str(checkpoint))))
    assert said == "about 0.0 GB of memory, by its sizes"


def test_networks_have_as_many_parameters_as_is_published() -> None:
    """Of the U-Net as `known` quotes it; 83.65 million of the autoencoder, 361.28 of ControlNet with its picture's stem."""
    for name, known in KNOWN.items():
        known_shapes = shapes_of(name)
        millions = [sum(p.numel() for p in net.parameters()) / 1e6 for net in (known_shapes.unet, known_shapes.vae)]
        assert abs(millions[0] - known.published) < 1
        assert millions[1] == pytest.approx(83.65, abs=0.01)


def test_stages_of_networks_that_a_checkpoint_brings_are_refused(tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.toml"
    recipe.write_text('codec = "fasdiff"\nover_stable_diffusion = true\n[[rounds]]\n[rounds.prior]\nsteps = 3')
    with pytest.raises(recipes.RecipeError, match="prior would train one of ours"):
        recipes.read(recipe)


def test_the_recipe_goes_over_a_checkpoint_and_asks_for_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = Path(__file__).parents[2] / "configs" / "fasdiff-sd.toml"
    recipe = recipes.read(path)
    assert recipe.over_stable_diffusion and list(recipe.rounds[0].stages) == [
        "encoder",
        "compressor",
        "control",
        "joint",
    ]
    assert main(["train", str(path), "--out", str(tmp_path)]) == 2
    assert "name a checkpoint by --checkpoint" in capsys.readouterr().err
    assert main(["train", str(path.with_name("smoke.toml")), "--dry-run", "1.5"]) == 2
    assert "a dry run is of recipes with over_stable_diffusion" in capsys.readouterr().err


def test_an_adapter_may_start_from_weights_of_ours(checkpoint: Path, tmp_path: Path) -> None:
    """Analysis, synthesis and entropy models begin as those; what has other shapes in the checkpoint's space stays new."""
    ground = Ground.of(str(checkpoint), torch.device("cpu"))
    weights = TinyModel().write(tmp_path / "ours.safetensors")
    whole = chain.new("fasdiff", COMPRESSOR, STEERING, ground)
    ours = chain.read("fasdiff", weights, ground)
    chain.take(whole, ours)
    taken, given = whole.codec.compressor.state_dict(), ours.codec.compressor.state_dict()
    assert torch.equal(taken["synthesis.packets.weight"], given["synthesis.packets.weight"])
    assert taken["synthesis.latent.weight"].shape[0] == ground.space.channels
    adapter = TinyModel(checkpoint=checkpoint).write(tmp_path / "adapter.safetensors")
    with pytest.raises(WeightsError, match="no checkpoint is named"):
        chain.read("fasdiff", adapter, Ground.of(None, torch.device("cpu")))
