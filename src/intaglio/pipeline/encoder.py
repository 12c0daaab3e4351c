"""From a picture to a payload: analysis once, then quantisation and coding for the quality or the bytes that are asked for."""

from __future__ import annotations

from collections.abc import Callable

import torch

from intaglio.errors import BudgetError
from intaglio.format.header import SCALES
from intaglio.pipeline import windows
from intaglio.pipeline.coding import Coding, Goal
from intaglio.pipeline.model import Model
from intaglio.pipeline.original import Original, Tensors
from intaglio.pipeline.refine import refined
from intaglio.pipeline.search import within

GOOD_INDEX = 12  # below this quality index a smaller coded scale looks better


@torch.inference_mode()
def analyse(model: Model, original: Original, scale: int) -> Tensors:
    """Unquantised coded tensors of a picture at a coded scale."""
    key = model.weights.decoder, scale
    if key not in original.analysed:
        compressor = model.networks.compressor
        lean = model.lean is not None and compressor.lean_encoder
        z = None if lean else original.latent(scale, model.space).to(model.dtype)
        p = original.packets(scale).to(model.dtype)
        original.analysed[key] = windows.analyse(compressor.analysis, p, model.analysis_reach, z).arrays()
    return original.analysed[key]


def encode(
    model: Model, original: Original, goal: Goal, advance: Callable[[float], None] = lambda share: None
) -> Coding:
    """A picture at a quality index, or the best that fits a budget.

    The largest coded scale whose best index is still good wins; at a scale, y is analysed once and only quantisation and
    coding are repeated. Effort 1 to 9 then refines the tensors on the picture; `advance` is told each share of that as it
    is done.

    Raises:
        BudgetError: no scale fits; its `least` counts payload bytes.
    """
    if goal.budget is None:
        tensors = analyse(model, original, 0)
        coding = Coding(model.stream.encode(tensors, goal.index, goal.focus)[0], goal.index, 0, goal.focus)
    else:
        coding, tensors = _fitting(model, original, goal.budget, goal.focus)
    return refined(model, original, coding, tensors, goal, advance) if goal.effort else coding


def _fitting(model: Model, original: Original, budget: int, focus: bool) -> tuple[Coding, Tensors]:
    """The best that fits, and the tensors that it was coded from."""
    best: tuple[Coding, Tensors] | None = None
    smallest: list[int] = []
    for scale in range(len(SCALES)):
        tensors = analyse(model, original, scale)
        payload, index = within(model.stream, tensors, budget, focus)
        smallest.append(len(payload))
        if index is not None:
            best = Coding(payload, index, scale, focus), tensors
            if index >= GOOD_INDEX:
                break
    if best is None:
        raise BudgetError(f"the payload takes {min(smallest)} bytes at least", min(smallest))
    return best
