"""The training loop: one for all stages, CPU and CUDA. Killed at any moment, it goes on from its last checkpoint.

Every step seeds all randomness by its number, so a resumed run equals an uninterrupted one.
"""

from __future__ import annotations

import copy
import json
import math
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from intaglio.networks.precision import best_dtype
from intaglio.train.recipe import StageConfig

Optimise = Callable[[list[nn.Parameter], float], torch.optim.Optimizer]
"""Parameters and peak learning rate to what steps them."""


class Batch(Protocol):
    """Whatever a stage's sampler makes."""


class Stage(Protocol):
    """What one stage trains, on what, and how it is judged."""

    name: str
    model: nn.Module  # its parameters that require a gradient are trained

    def sample(self, rng: np.random.Generator) -> Any: ...

    def loss(self, batch: Any) -> tuple[torch.Tensor, dict[str, float]]: ...

    def validate(self, model: nn.Module) -> tuple[dict[str, float], Image.Image]: ...


def learning_rate(step: int, cfg: StageConfig) -> float:
    """Linear warm-up, then a cosine from the peak to 2 % of it."""
    if step < cfg.warmup:
        return cfg.lr * (step + 1) / cfg.warmup
    t = (step - cfg.warmup) / max(1, cfg.steps - cfg.warmup)
    return cfg.lr * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(1.0, t))))


def adam(parameters: list[nn.Parameter], lr: float) -> torch.optim.Optimizer:
    """What everything released was trained by."""
    return torch.optim.AdamW(parameters, lr=lr, betas=(0.9, 0.98), weight_decay=1e-4, fused=True)


def _replace(path: Path, write: Callable[[Path], object]) -> None:
    temporary = path.with_suffix(".tmp")
    write(temporary)
    os.replace(temporary, path)


class Log:
    """JSON lines, and TensorBoard where it is installed."""

    def __init__(self, folder: Path) -> None:
        self.file = (folder / "log.jsonl").open("a", buffering=1)
        try:
            from torch.utils.tensorboard import SummaryWriter

            self.board: Any = SummaryWriter(str(folder / "tensorboard"))
        except ImportError:
            self.board = None

    def write(self, step: int, values: dict[str, float]) -> None:
        self.file.write(
            json.dumps({"step": step, "time": round(time.time(), 1)} | {k: round(v, 6) for k, v in values.items()})
            + "\n"
        )
        if self.board is not None:
            for key, value in values.items():
                self.board.add_scalar(key, value, step)


def train(
    stage: Stage,
    cfg: StageConfig,
    folder: Path,
    *,
    seed: int = 0,
    deadline: float = math.inf,
    optimise: Optimise = adam,
) -> nn.Module:
    """Train `stage.model` for `cfg.steps` steps or until `deadline` (seconds since the epoch); returns the averaged model.

    `folder` gets checkpoint.pt (all state), ema.pt (averaged weights), log.jsonl and sheets of validation pictures.
    """
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    # --- Set up -----------------------------------------------------------------------------------------------
    folder.mkdir(parents=True, exist_ok=True)
    device = next(stage.model.parameters()).device
    dtype = best_dtype(device)
    parameters = [p for p in stage.model.parameters() if p.requires_grad]
    average = copy.deepcopy(stage.model).eval()
    averaged = [p for p, own in zip(average.parameters(), stage.model.parameters()) if own.requires_grad]
    optimiser = optimise(parameters, cfg.lr)
    step, flops_done, seconds_done = 0, 0.0, 0.0

    # --- Resume -----------------------------------------------------------------------------------------------
    checkpoint = folder / "checkpoint.pt"
    if checkpoint.exists():
        state = torch.load(checkpoint, map_location=device, weights_only=True)
        stage.model.load_state_dict(state["model"])
        average.load_state_dict(state["average"])
        optimiser.load_state_dict(state["optimiser"])
        step, flops_done, seconds_done = state["step"], state["flops"], state["seconds"]

    def save() -> None:
        state = {
            "model": stage.model.state_dict(), "average": average.state_dict(), "optimiser": optimiser.state_dict(),
            "step": step, "flops": flops_done, "seconds": seconds_done,
        }  # fmt: skip
        _replace(checkpoint, lambda p: torch.save(state, p))
        _replace(folder / "ema.pt", lambda p: torch.save(average.state_dict(), p))

    def validate() -> None:
        values, sheet = stage.validate(average)
        log.write(
            step,
            {f"val/{k}": v for k, v in values.items()} | {"pflop": flops_done / 1e15, "hours": seconds_done / 3600},
        )
        _replace(folder / f"sheet-{step:06d}.png", lambda p: sheet.save(p, "PNG"))

    # --- Train ------------------------------------------------------------------------------------------------
    log, flops_of = Log(folder), {}
    columns = (
        TextColumn(stage.name),
        BarColumn(),
        TextColumn("{task.completed}/{task.total} {task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    window, samples, window_start = 0, 0, time.time()
    sums: dict[str, list[float]] = {}
    with Progress(*columns) as progress:
        task = progress.add_task(stage.name, total=cfg.steps, completed=step, rate="")
        while step < cfg.steps and time.time() < deadline:
            begun = time.time()
            torch.manual_seed(seed * 1_000_003 + step)
            batch = stage.sample(np.random.default_rng((seed, step)))
            for group in optimiser.param_groups:
                group["lr"] = learning_rate(step, cfg)
            optimiser.zero_grad(set_to_none=True)
            # What a step costs hangs on the sizes of the batch and on what the stage drew for it.
            kind = tuple(tuple(v.shape) if isinstance(v, torch.Tensor) else v for v in vars(batch).values())
            counter = FlopCounterMode(display=False) if kind not in flops_of else None
            with counter or torch.enable_grad(), torch.autocast(device.type, dtype, enabled=dtype != torch.float32):
                loss, values = stage.loss(batch)
                if counter:
                    loss.backward()
            if counter:
                flops_of[kind] = counter.get_total_flops()
            else:
                loss.backward()
            norm = nn.utils.clip_grad_norm_(parameters, 1.0)
            if torch.isfinite(norm):
                optimiser.step()
            step += 1
            decay = min(cfg.ema, (1 + step) / (10 + step))
            with torch.no_grad():
                torch._foreach_lerp_(list[torch.Tensor](averaged), list[torch.Tensor](parameters), 1 - decay)

            # --- Report, validate, save ---------------------------------------------------------------------
            flops_done += flops_of[kind]
            seconds_done += time.time() - begun
            window += flops_of[kind]
            samples += kind[0][0]
            for key, value in (values | {"loss": float(loss.detach()), "norm": float(norm)}).items():
                sums.setdefault(key, []).append(value)
            if step % 20 == 0:
                seconds = time.time() - window_start
                rates = {"gflops": window / seconds / 1e9, "samples": samples / seconds}
                means = {k: float(np.mean(v)) for k, v in sums.items()}
                log.write(step, means | rates | {"lr": optimiser.param_groups[0]["lr"]})
                progress.update(
                    task, completed=step, rate="{samples:.1f} samples/s {gflops:.1f} GFLOP/s".format(**rates)
                )
                window, samples, window_start, sums = 0, 0, time.time(), {}
            if step % cfg.save == 0 or step == cfg.steps:
                save()
            if step % cfg.validate == 0 or step == cfg.steps:
                validate()
                window, samples, window_start = 0, 0, time.time()
    save()
    return average
