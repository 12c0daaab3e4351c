"""Continuous online optimisation: a file refined on the picture itself, at the encoder's expense (`effort`)."""

from __future__ import annotations

from collections.abc import Callable

import torch

from intaglio.compressor.objective import errors, lam
from intaglio.entropy.learned.coded import Coded
from intaglio.pipeline import windows
from intaglio.pipeline.annealing import anneal
from intaglio.pipeline.coding import Coding, Goal
from intaglio.pipeline.model import Model
from intaglio.pipeline.original import Original, Tensors
from intaglio.pipeline.search import within

ITERATIONS = (0, 10, 15, 20, 30, 45, 70, 110, 200, 400)  # per effort
SAVED = (0, 0.07, 0.09, 0.11, 0.15, 0.18, 0.22, 0.26, 0.28, 0.30)  # per effort, about the share of a file that it saves


def refined(
    model: Model,
    original: Original,
    coding: Coding,
    tensors: Tensors,
    goal: Goal,
    advance: Callable[[float], None] = lambda share: None,
) -> Coding:
    """The coding, made of `tensors`, or what refinement makes of it where that is better by real bytes.

    `advance` is told each share of the work as it is done; the shares add up to 1.
    """
    # Copies, for what was made in inference mode takes no part in gradients.
    z = model.latent(original, coding.scale).float().clone()
    p = model.packets(original, coding.scale).clone()
    start = Coded.of(tensors, model.device, torch.float32)
    entropy, synthesis = model.searchable
    index = coding.index
    budget = None if goal.budget is None else goal.budget(coding.scale)
    if budget is not None:  # refined for the index at which what is saved makes it fit: others undo the refinement
        index = within(model.stream, tensors, round(budget / (1 - SAVED[goal.effort])))[1] or index
    with model.autocast():
        better = anneal(entropy, synthesis, start, z, p, index, ITERATIONS[goal.effort], advance).arrays()
    if budget is None:
        payload = model.stream.encode(better, index)[0]
    else:
        payload, fitting = within(model.stream, better, budget)
        if fitting is None:
            return coding
        index = fitting
    tried = Coding(payload, index, coding.scale)
    return min(coding, tried, key=lambda c: cost(model, c, z, p, count_bytes=budget is None))


@torch.inference_mode()
def cost(model: Model, coding: Coding, z: torch.Tensor, p: torch.Tensor, *, count_bytes: bool) -> float:
    """The compressor's objective at the coding's quality, of what a decoder would see; without bytes, its error alone.

    z, p (1, ., h, w): latent and packets of the picture at the coded scale.
    """
    q = model.quality(coding.index)
    tensors = model.tensors(coding.payload, coding.index, (z.shape[2] // windows.GRAIN, z.shape[3] // windows.GRAIN))
    with model.autocast():
        prompt, _ = windows.guided(model.networks, tensors, q, model.synthesis_reach)
        error = float(errors(prompt, z, p))
    pixels = 64 * z.shape[2] * z.shape[3]
    return 8 * len(coding.payload) / pixels + float(lam(q)) * error if count_bytes else error
