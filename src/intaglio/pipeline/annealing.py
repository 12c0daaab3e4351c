"""Annealed rounding: coded tensors moved by gradients that see what rounding will do (SGA, Yang et al., NeurIPS 2020).

Each value is, by chance, its floor or its ceiling, with odds that sharpen as the temperature falls. The objective is the
compressor's own, rate + lambda * errors of base latent and base picture; no decoder runs. Symbols stay what any decoder
reads.

Steps are Newton's, channel by channel: tensors differ widely in how sharply the errors bend. Large pictures are
refined tile by tile; each tile sees its neighbours as they are by then, and goes by the first tile's curvatures.
"""

from __future__ import annotations

from collections.abc import Callable

import torch

from intaglio.compressor.objective import errors, lam
from intaglio.compressor.synthesis import Synthesis
from intaglio.entropy.learned.coded import Coded
from intaglio.entropy.learned.entropy_model import EntropyModel
from intaglio.entropy.wiring import SECTIONS
from intaglio.networks.tiles import tiles
from intaglio.pipeline.windows import GRAIN

RATE, LAST = 0.05, 0.1  # length of a step, of Newton's; the last's of the first's
MOMENTUM = 0.9
HOT, COLD = 0.4, 0.03  # temperature at the first and the last iteration
FLAT = 9.0  # bits per squared step: about what a quantiser in balance with its rate bends by
TILE, MARGIN = 32, 2  # grains of a tile (1024 pixels), and around it

PER_GRAIN = {"lf": 1, "h": 1, "y": 2}  # positions of a tensor along a grain

Tensors = dict[str, torch.Tensor]


class Annealed:
    """Rounding between floor and ceiling at a temperature, by a seeded generator."""

    def __init__(self, seed: int) -> None:
        self.generator = torch.Generator().manual_seed(seed)
        self.temperature = HOT

    def __call__(self, residual: torch.Tensor) -> torch.Tensor:
        floor = residual.detach().floor()
        above = (residual - floor).clamp(1e-4, 1 - 1e-4)
        logits = (torch.atanh(above) - torch.atanh(1 - above)) / self.temperature
        u = torch.rand(residual.shape, generator=self.generator).clamp(1e-6, 1 - 1e-6).to(residual.device)
        return floor + torch.sigmoid((logits + (u / (1 - u)).log()) / self.temperature)


class Refiner:
    """Refines the tensors of one picture at one quality index."""

    def __init__(
        self, entropy: EntropyModel, synthesis: Synthesis, index: int, iterations: int, device: torch.device
    ) -> None:
        self.entropy, self.synthesis, self.iterations = entropy, synthesis, iterations
        self.q = torch.tensor([index / 255], device=device)
        self.names = entropy.names
        self.sizes = {name: entropy.model(name).step(self.q) for name in self.names}
        self.rounding = Annealed(seed=index)
        self.curvature: Tensors | None = None

    def __call__(
        self,
        c: Tensors,
        z: torch.Tensor,
        p: torch.Tensor,
        inner: Tensors,
        advance: Callable[[float], None],
    ) -> Tensors:
        """A tile's tensors, refined where the mask `inner` is 1; z, p (1, ., h, w) latent and packets of the tile."""
        bits_of = 64 * z.shape[2] * z.shape[3] * lam(self.q)
        if self.curvature is None:
            self.curvature = self._curvature(c, z, p, bits_of)
        steps = {name: torch.zeros_like(c[name]).requires_grad_() for name in self.names}
        speed = {name: torch.zeros_like(c[name]) for name in self.names}
        for i in range(self.iterations):
            done = i / max(1, self.iterations - 1)
            self.rounding.temperature = HOT * (COLD / HOT) ** done
            hats, bits = self.entropy(Coded(**self._moved(c, steps)), self.q, self.rounding)
            rate = bits["lf"] + bits["vector"] + bits["h"] + bits["y"]
            loss = (rate + bits_of * errors(self.synthesis(hats, self.q), z, p)).sum()
            gradients = torch.autograd.grad(loss, list(steps.values()))
            with torch.no_grad():
                for name, gradient in zip(self.names, gradients):
                    newton = (gradient / self.curvature[name]).clamp(-1, 1) * inner[name]
                    speed[name].lerp_(newton, 1 - MOMENTUM)
                    steps[name] -= RATE * (1 + (LAST - 1) * done) * speed[name]
            advance(1 / self.iterations)
        return {name: t.detach() for name, t in self._moved(c, steps).items()}

    def _moved(self, c: Tensors, steps: Tensors) -> Tensors:
        return c | {name: c[name] + steps[name] * self.sizes[name] for name in self.names}

    def _curvature(self, c: Tensors, z: torch.Tensor, p: torch.Tensor, bits_of: torch.Tensor) -> Tensors:
        """Bits per squared step (1, C, 1, 1) of each channel, by the change of gradients along half a random step."""

        def gradient(name: str, moved: torch.Tensor) -> torch.Tensor:
            leaf = moved.clone().requires_grad_()
            loss = (bits_of * errors(self.synthesis(Coded(**{**c, name: leaf}), self.q), z, p)).sum()
            (slope,) = torch.autograd.grad(loss, leaf)
            return slope * self.sizes[name]

        out = {}
        for name in self.names:
            sign = torch.randint(0, 2, c[name].shape, generator=self.rounding.generator).to(z) * 2 - 1
            bent = gradient(name, c[name] + 0.5 * sign * self.sizes[name]) - gradient(name, c[name])
            out[name] = (2 * bent * sign).mean((0, 2, 3), keepdim=True).clamp(min=FLAT)
        return out


def anneal(
    entropy: EntropyModel,
    synthesis: Synthesis,
    c: Coded,
    z: torch.Tensor,
    p: torch.Tensor,
    index: int,
    iterations: int,
    advance: Callable[[float], None] = lambda share: None,
    tile: int = TILE,
) -> Coded:
    """Tensors c of one picture, refined for quality index `index`; z, p (1, ., h, w) latent and packets of the picture.

    `advance` is told each share of the work as it is done. The vector stays where there is more than one tile.
    """
    rows, columns = c.h.shape[2:]
    whole = {name: getattr(c, name).clone() for name in SECTIONS}
    places = list(tiles(rows, columns, tile, MARGIN))
    refiner = Refiner(entropy, synthesis, index, iterations, z.device)
    for inner, outer in places:
        inside = inner.within(outer)
        part = {name: outer.cut(whole[name], step) for name, step in PER_GRAIN.items()}
        part["vector"] = whole["vector"]
        mask = {name: torch.zeros_like(tensor) for name, tensor in part.items()}
        for name, step in PER_GRAIN.items():
            inside.cut(mask[name], step).fill_(1)
        mask["vector"].fill_(float(len(places) == 1))
        refined = refiner(
            part, outer.cut(z, GRAIN), outer.cut(p, GRAIN), mask, lambda share: advance(share / len(places))
        )
        for name, step in PER_GRAIN.items():
            inner.cut(whole[name], step).copy_(inside.cut(refined[name], step))
        whole["vector"] = refined["vector"]
    return Coded(**whole)
