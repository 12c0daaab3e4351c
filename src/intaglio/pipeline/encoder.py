"""From a picture to a payload: analysis once, then quantisation and coding for the quality or the bytes that are asked for."""

from __future__ import annotations

import math
from collections.abc import Callable

from intaglio.entropy.stream import STRIDE
from intaglio.errors import BudgetError
from intaglio.format.fields import COARSEST, MAX_SCALE
from intaglio.pipeline.coding import Coding, Goal
from intaglio.pipeline.engine import Engine
from intaglio.pipeline.original import Original, Tensors
from intaglio.pipeline.search import typical, within

GOOD_INDEX = 12  # below this quality index a smaller coded scale looks better
FINER = 48  # from this index on, twice the scale is likely to have a good one: sizes of validation pictures say so
ANALYSIS = 0.7  # about the share of coding at a quality that the networks take
LIKELY = 24  # the first scale tried is the largest at which a typical picture reaches this index


def encode(
    model: Engine, original: Original, goal: Goal, advance: Callable[[float], None] = lambda share: None
) -> Coding:
    """A picture at a quality index, or the best that fits a budget.

    Without a budget it is coded at the finest scale that is allowed. With one, the largest coded scale whose best index is
    still good wins; at a scale, y is analysed once and only quantisation and coding are repeated. Effort 1 to 9 then
    refines the tensors on the picture. `advance` is told each share of the work as it is done, of the longest part that
    there is.

    Raises:
        BudgetError: no scale fits; its `least` is how many bytes of payload are wanting.
    """

    def analysed(share: float) -> None:
        if not goal.effort:
            advance(ANALYSIS * share)

    if goal.budget is None:
        tensors = model.analyse(original, goal.finest, analysed)
        payload, _ = model.stream.encode(tensors, goal.index, goal.focus)
        coding = Coding(payload, goal.index, goal.finest, goal.focus)
    else:
        coding, tensors = _fitting(model, original, goal.budget, goal.focus, goal.finest)
    if goal.effort and not original.hurry:
        from intaglio.pipeline.model import Model
        from intaglio.pipeline.refine import refined

        assert isinstance(model, Model)  # of the engines, the one that gradients pass through
        return refined(model, original, coding, tensors, goal, advance)
    advance(1.0 if goal.budget else 1 - ANALYSIS)
    return coding


def _fitting(
    model: Engine, original: Original, budget: Callable[[int], int], focus: bool, finest: int
) -> tuple[Coding, Tensors]:
    """The best that fits, and the tensors that it was coded from.

    Large pictures are never looked at as a whole for a small budget: from a scale that is likely to suit, the search goes
    to smaller ones while the index is poor, or to larger ones while it promises a good index there too.
    """
    height, width = original.rgb.shape[:2]
    last = coarsest(height, width)
    tried: dict[int, tuple[Coding, Tensors] | None] = {}
    wanting: list[int] = []

    def attempt(scale: int) -> int:
        """Codes at a scale; which one to go on with."""
        tensors = model.analyse(original, scale)
        payload, index = within(model.stream, tensors, budget(scale), focus)
        wanting.append(len(payload) - budget(scale))
        tried[scale] = None if index is None else (Coding(payload, index, scale, focus), tensors)
        if index is None or index < GOOD_INDEX:
            return scale + 1
        return scale - 1 if index >= FINER else scale

    scale = max(likely(height, width, budget(0)), finest)
    while finest <= scale <= last and scale not in tried:
        scale = attempt(scale)
    if not any(tried.values()) and last > MAX_SCALE not in tried:
        attempt(MAX_SCALE)  # the smallest without a chunk of its own
    good = [scale for scale, one in tried.items() if one and one[0].index >= GOOD_INDEX]
    fitting = [scale for scale, one in tried.items() if one]
    best = tried[min(good) if good else max(fitting)] if fitting else None
    if best is None:
        raise BudgetError(f"the payload takes {min(wanting)} bytes more at least", min(wanting))
    return best


def coarsest(height: int, width: int) -> int:
    """The coded scale from which on a picture is a single grain of 32 pixels, or the last there is."""
    return min(COARSEST, max(0, math.ceil(math.log2(max(height, width) / STRIDE))))


def likely(height: int, width: int, budget: int) -> int:
    """The largest coded scale at which a typical picture of so many pixels reaches index LIKELY in the budget."""
    halvings, last = 0, coarsest(height, width)
    while halvings < last and typical(LIKELY) * height * width / 4**halvings > 8 * budget:
        halvings += 1
    return halvings
