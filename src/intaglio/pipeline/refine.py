"""Continuous online optimisation: a file refined on the picture itself, at the encoder's expense (`effort`).

The encoder draws what a decoder will draw, looks at it, and moves the coded tensors (`annealing`) until it looks more like
the picture (`likeness`) in the same bytes. Large pictures are refined tile by tile; each tile sees its neighbours as they
are by then. What is kept is the best by real bytes and by what is drawn of them: the file that was there before, if need be.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable

import torch

from intaglio.compressor.objective import lam
from intaglio.entropy.learned.coded import Coded
from intaglio.entropy.wiring import SECTIONS
from intaglio.faces.detector import detect
from intaglio.measures.sight import Sight
from intaglio.networks.tiles import Rect, tiles
from intaglio.pipeline.annealing import Annealing
from intaglio.pipeline.coding import Coding, Goal
from intaglio.pipeline.likeness import Likeness
from intaglio.pipeline.model import Model
from intaglio.pipeline.original import Original, Tensors
from intaglio.pipeline.search import within
from intaglio.pipeline.windows import GRAIN

ITERATIONS = (0, 5, 8, 12, 20, 32, 48, 80, 130, 200)  # per effort
TILE, MARGIN = 16, 2  # grains of a tile (512 pixels), and around it
SPARED = 0.985  # of a budget is aimed at: payloads come in words of four bytes
FINAL, OFFERS = 0.4, 6  # from this share of the iterations on, so many times, files are made and compared

SMALLEST = 32  # pixels of a face's width, at the coded scale, from which on it matters who it is

PER_GRAIN = {"lf": 1, "h": 1, "y": 2}  # positions of a tensor along a grain


def refined(
    model: Model,
    original: Original,
    coding: Coding,
    tensors: Tensors,
    goal: Goal,
    advance: Callable[[float], None] = lambda share: None,
) -> Coding:
    """The coding, made of `tensors`, or what refinement makes of it where that is better.

    `advance` is told each share of the work as it is done; the shares add up to 1. KeyboardInterrupt ends the work, with a
    warning, and the best so far is kept; the original is in a hurry from then on.
    """
    refinement = Refinement(model, original, coding, tensors, goal, model.sight)
    try:
        refinement.run(advance)
    except KeyboardInterrupt:
        original.hurry = True
        warnings.warn("refinement was stopped: the best file until then is kept", stacklevel=2)
    return refinement.best


def faces_of(original: Original, scale: int) -> torch.Tensor:
    """(N, 5, 2) eyes, nose and mouth of the picture's faces in pixels of a coded scale, as `recogniser.TEMPLATE` has them."""
    points = [torch.from_numpy(face.points / (1 << scale)) for face in detect(original.rgb, SMALLEST << scale)]
    return torch.stack(points).float() if points else torch.zeros(0, 5, 2)


class Refinement:
    """Refines the coding of one picture; `best` is the best so far."""

    def __init__(
        self,
        model: Model,
        original: Original,
        coding: Coding,
        tensors: Tensors,
        goal: Goal,
        sight: Sight,
    ) -> None:
        self.model, self.sight, self.iterations = model, sight, ITERATIONS[goal.effort]
        self.budget = None if goal.budget is None else goal.budget(coding.scale)
        # Copies, for what was made in inference mode takes no part in gradients.
        self.x = model.picture(original, coding.scale)
        self.z = model.latent(original, coding.scale).float().clone()
        self.p = model.packets(original, coding.scale).clone()
        self.whole = {
            name: t.clone()
            for name, t in vars(Coded.of(tensors, model.device, torch.float32)).items()
            if name in SECTIONS
        }
        self.faces = faces_of(original, coding.scale).to(model.device)
        self.entropy, self.drawing = model.searchable
        self.q = model.quality(coding.index)
        self.places = list(tiles(self.whole["h"].shape[2], self.whole["h"].shape[3], TILE, MARGIN))
        self.best, self.index = coding, coding.index
        self.judges = [self._likeness(outer) for _, outer in self.places]
        self.cost = self._cost(coding)

    def run(self, advance: Callable[[float], None]) -> None:
        """All tiles, one after the other."""
        iterations = self.iterations
        for (inner, outer), judge in zip(self.places, self.judges):
            search = self._search(inner, outer, judge)
            every = max(1, round((1 - FINAL) * iterations / OFFERS)) if len(self.places) == 1 else iterations
            with self.model.autocast():
                for i in search.run(iterations):
                    advance(1 / iterations / len(self.places))
                    if i >= FINAL * iterations and (iterations - 1 - i) % every == 0:
                        self._put(search, inner, outer)
                        self._offer()

    def _likeness(self, outer: Rect) -> Likeness:
        z, p, x = outer.cut(self.z, GRAIN), outer.cut(self.p, GRAIN), outer.cut(self.x, 8 * GRAIN)
        corner = 8 * GRAIN * torch.tensor([outer.left, outer.top], device=self.faces.device)
        inside = self.faces - corner
        size = torch.tensor([x.shape[3], x.shape[2]], device=self.faces.device)
        inside = inside[((inside > 0) & (inside < size)).all(2).all(1)]
        with self.model.autocast():
            return Likeness(self.drawing, self.sight, x, z, p, self.q, inside)

    def _search(self, inner: Rect, outer: Rect, judge: Likeness) -> Annealing:
        part = {name: outer.cut(self.whole[name], step) for name, step in PER_GRAIN.items()}
        part["vector"] = self.whole["vector"]
        mask = None
        if len(self.places) > 1:
            mask = {name: torch.zeros_like(tensor) for name, tensor in part.items()}
            for name, step in PER_GRAIN.items():
                inner.within(outer).cut(mask[name], step).fill_(1)
        search = Annealing(
            self.entropy, judge.error, part, self.q, worth(judge), None, self.best.focus, mask, seed=self.index
        )
        if self.budget is not None:
            search.bits = search.rounded() * SPARED * self.budget / max(1, len(self.best.payload))
        return search

    def _put(self, search: Annealing, inner: Rect, outer: Rect) -> None:
        tensors = search.tensors()
        for name, step in PER_GRAIN.items():
            inner.cut(self.whole[name], step).copy_(inner.within(outer).cut(tensors[name], step))
        if len(self.places) == 1:
            self.whole["vector"] = tensors["vector"]

    def _offer(self) -> None:
        """Keeps the file of the tensors as they are by now if it is better: at their index, or one that fills the budget."""
        arrays, stream, focus = Coded(**self.whole).arrays(), self.model.stream, self.best.focus
        files = [(stream.encode(arrays, self.index, focus)[0], self.index)]
        if self.budget is not None and not SPARED * self.budget <= len(files[0][0]) <= self.budget:
            payload, index = within(stream, arrays, self.budget, focus)
            files += [(payload, index)] if index is not None else []
        for payload, index in files:
            if self.budget is None or len(payload) <= self.budget:
                coding = Coding(payload, index, self.best.scale, focus)
                cost = self._cost(coding)
                if cost < self.cost:
                    self.best, self.cost = coding, cost

    @torch.no_grad()
    def _cost(self, coding: Coding) -> float:
        """Error of what is drawn, in bits; with the file's bits, where they are not fixed."""
        rows, columns = self.whole["h"].shape[2:]
        c = self.model.tensors(coding.payload, coding.index, (rows, columns), coding.focus)
        total = 0.0 if self.budget is not None else 8.0 * len(coding.payload)
        with self.model.autocast():
            for (_, outer), judge in zip(self.places, self.judges):
                part = Coded(
                    **{name: outer.cut(getattr(c, name), step) for name, step in PER_GRAIN.items()}, vector=c.vector
                )
                total += worth(judge) * judge.verdict(part, self.model.quality(coding.index))
        return total


def worth(judge: Likeness) -> float:
    """Bits that a unit of a picture's mean error is worth."""
    return judge.x.shape[2] * judge.x.shape[3] * float(lam(judge.q))
