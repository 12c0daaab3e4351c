"""The training loop: one for all stages, CPU and CUDA. Killed at any moment, it goes on from its last checkpoint.

Every step seeds all randomness by its number, so a resumed run equals an uninterrupted one.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import nn

from intaglio.networks.precision import best_dtype
from intaglio.train.checkpoint import Checkpoint, replace
from intaglio.train.ema import Ema, Net
from intaglio.train.journal import Journal
from intaglio.train.meter import Meter
from intaglio.train.optimisers import optimiser
from intaglio.train.stages.stage import Stage, StageConfig
from intaglio.train.team import team

REPORT = 20  # steps between lines of the journal
RANKS_APART = 1 << 40  # between the seeds of processes


def learning_rate(step: int, config: StageConfig) -> float:
    """Linear warm-up, then a cosine from the peak to 2 % of it."""
    if step < config.warmup:
        return config.lr * (step + 1) / config.warmup
    t = (step - config.warmup) / max(1, config.steps - config.warmup)
    return config.lr * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(1.0, t))))


@contextmanager
def progress(name: str, steps: int, done: int) -> Iterator[Callable[[int, str], None]]:
    """A bar on the terminal, moved by calls with the steps done and a word about the rate."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    text = TextColumn("{task.completed}/{task.total} {task.fields[rate]}")
    with Progress(TextColumn(name), BarColumn(), text, TimeRemainingColumn()) as bar:
        task = bar.add_task(name, total=steps, completed=done, rate="")
        yield lambda step, rate: bar.update(task, completed=step, rate=rate)


def train(stage: Stage[Net], config: StageConfig, folder: Path, *, seed: int = 0, deadline: float = math.inf) -> Net:
    """Train `stage.model` for `config.steps` steps or until `deadline` (seconds since the epoch); returns the average.

    `folder` gets checkpoint.pt (all state), log.jsonl and sheets of validation pictures.
    """
    folder.mkdir(parents=True, exist_ok=True)
    model, average, us = stage.model, Ema(stage.model, config.ema), team()
    parameters = [p for p in model.parameters() if p.requires_grad]
    device = parameters[0].device
    dtype = best_dtype(device)
    adam = optimiser(parameters, config.lr, eight_bit=config.eight_bit)
    checkpoint, meter = Checkpoint(folder), Meter()
    step = checkpoint.resume(model, average.model, adam, meter, device)

    def accumulate(number: int) -> None:
        """Gradients of one batch, all of whose randomness is its number's."""
        torch.manual_seed(seed * 1_000_003 + number + us.rank * RANKS_APART)
        batch = stage.sample(np.random.default_rng(us.seeds(seed, number)))
        with meter.step(batch) as values:
            with torch.autocast(device.type, dtype, enabled=dtype != torch.float32):
                loss, parts = stage.loss(batch)
            (loss / config.accumulate).backward()
            values |= parts | {"loss": float(loss.detach())}

    with closing(Journal(folder, written=us.first)) as journal, progress(stage.name, config.steps, step) as show:
        while step < config.steps and us.agree(time.time() < deadline):
            rate = learning_rate(step, config)
            for group in adam.param_groups:
                group["lr"] = rate
            adam.zero_grad(set_to_none=True)
            for part in range(config.accumulate):
                accumulate(step * config.accumulate + part)
            with meter.update() as values:
                us.average(parameters)
                norm = nn.utils.clip_grad_norm_(parameters, 1.0)
                if torch.isfinite(norm):  # else the step is passed over
                    adam.step()
                step += 1
                average.update(step)
                values["norm"] = float(norm)
            if not us.first:
                continue
            if step % REPORT == 0:
                report = meter.report()
                journal.write(step, report | {"lr": rate})
                show(step, "{samples:.1f} samples/s {gflops:.1f} GFLOP/s".format(**report))
            if step % config.save == 0:
                checkpoint.save(step, model, average.model, adam, meter)
            if step % config.validate == 0 or step == config.steps:
                figures, sheet = stage.validate(average.model)
                spent = {"pflop": meter.flops / 1e15, "hours": meter.seconds / 3600}
                journal.write(step, {f"val/{key}": value for key, value in figures.items()} | spent)
                replace(folder / f"sheet-{step:06d}.png", partial(sheet.save, format="PNG"))
    if us.first:
        checkpoint.save(step, model, average.model, adam, meter)
    return average.model
