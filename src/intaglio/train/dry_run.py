"""What a recipe over a Stable Diffusion checkpoint takes, for people, before it starts: `intaglio train --dry-run`."""

from __future__ import annotations

from collections.abc import Iterator

from intaglio.checkpoints.known import KNOWN
from intaglio.checkpoints.stable_diffusion import Checkpoint
from intaglio.networks import packets
from intaglio.priors.sampler import LADDERS
from intaglio.train.estimate import Estimate, estimate, shapes_of
from intaglio.train.recipe import Recipe
from intaglio.train.stages.control_stage import ControlStageConfig
from intaglio.train.stages.joint_stage import JointStageConfig
from intaglio.train.training_errors import RecipeError

GPUS = {"RTX 4090, 24 GB": 165, "A100, 40 or 80 GB": 312, "H100, 80 GB": 989}
"""Dense bf16 TFLOP/s as their maker states them."""
SHARE = 0.35  # of that, what training reaches
STEPS = sum(LADDERS) / len(LADDERS)  # of the diffusion, unrolled in stage `joint`

Drawing = ControlStageConfig | JointStageConfig


def dry_run(recipe: Recipe, name: str) -> list[str]:
    """Lines for people, over a known checkpoint (`KNOWN`).

    Raises:
        RecipeError: the recipe is not over Stable Diffusion, or has no stage that draws.
    """
    stages = list(_drawing(recipe))
    if not recipe.over_stable_diffusion or not stages:
        raise RecipeError("a dry run is of recipes with over_stable_diffusion and a stage control or joint")
    lines, total = list[str](), 0.0
    for number, title, stage in stages:
        sums = _estimated(recipe, stage, shapes_of(name))
        squares = stage.batch * stage.accumulate
        total += stage.steps * squares * _work(sums, stage)
        lines += [
            "", f"round {number}, {title}: {stage.steps} steps of {squares} squares of {stage.crop * packets.SIDE} pixels",
            f"  {'GFLOP a square':22}{_work(sums, stage) / 1e9:8.0f}",
            f"  {'GB on a GPU':22}{_memory(sums, stage) / 1e9:10.1f}   batch {stage.batch}",
        ]  # fmt: skip
    parts = [f"  {part:22}{count / 1e6:10.1f}" for part, count in sums.parameters.items()]
    hours = [f"  {gpu:22}{total / (SHARE * peak * 1e12) / 3600:8.0f}" for gpu, peak in GPUS.items()]
    return [
        f"Over Stable Diffusion {name}: computed from its sizes, not measured.", "", "million parameters", *parts,
        f"  {'U-Net, as published':22}{KNOWN[name].published:8}",
        f"  {'the adapter':22}{sums.trained / 1e6:10.1f}   {2 * sums.trained / 1e6:.0f} MB", *lines, "",
        f"hours of one GPU at {SHARE:.0%} of its bf16 rate, for these stages, what their losses' networks take left out",
        *hours,
    ]  # fmt: skip


def expected(recipe: Recipe, stage: Drawing, shapes: Checkpoint) -> str:
    """What a stage is expected to need, before it starts."""
    return f"about {_memory(_estimated(recipe, stage, shapes), stage) / 1e9:.1f} GB of memory, by its sizes"


def _drawing(recipe: Recipe) -> Iterator[tuple[int, str, Drawing]]:
    for number, part in enumerate(recipe.rounds, 1):
        for title, stage in part.stages.items():
            if isinstance(stage, Drawing):
                yield number, title, stage


def _estimated(recipe: Recipe, stage: Drawing, shapes: Checkpoint) -> Estimate:
    side, joint = stage.crop * packets.SIDE, isinstance(stage, JointStageConfig)
    return estimate(shapes, recipe.compressor, recipe.steering, side, recompute=stage.recompute, joint=joint)


def _work(sums: Estimate, stage: Drawing) -> float:
    """FLOPs a square; in `joint` several steps are unrolled."""
    one = sums.control.forward + sums.control.backward
    if sums.joint is None:
        return one
    return (STEPS - 1) * one + sums.joint.forward + sums.joint.backward


def _memory(sums: Estimate, stage: Drawing) -> int:
    """Bytes; in `joint` of the longest that is unrolled."""
    kept = sums.control.kept
    if sums.joint is not None:
        kept = (max(LADDERS) - 1) * sums.control.kept + sums.joint.kept
    return sums.memory(stage.batch * kept, eight_bit=stage.eight_bit)
