"""Annealed rounding: coded tensors moved by gradients that see what rounding will do (SGA, Yang et al., NeurIPS 2020).

Each value is, by chance, its floor or its ceiling, with odds that sharpen as the temperature falls. It starts cool: at 256
pixels a side and some hundred bytes few symbols are not zero, and heat would make noise of them. Steps are Adam's, in steps of
the quantiser.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch

from intaglio.entropy.learned.coded import Coded
from intaglio.entropy.learned.entropy_model import EntropyModel

RATE, LAST = 0.012, 0.0012  # length of a step at the first and the last iteration
HOT, COLD = 0.15, 0.03  # temperature likewise
BETAS = 0.9, 0.99
WARM = 5  # iterations in which the first steps grow: Adam's are of full length from the start
STEER = 3.0  # the price of a bit follows, iteration by iteration, what is spent too much, to this power
PRICES = 0.25, 6.0  # the least and the most: tensors shed bits sooner than they take them on

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


class Annealing:
    """Moves the tensors of one picture at one quality (1,), to lower `price * bits + worth * error(tensors, iteration)`.

    Args:
        c: what to start from. worth: bits that a unit of error is worth.
        bits: to spend, or None for as many as they are worth.
        focus: whether y is coded finer still where a face is.
        inner: where tensors may move, masks of their shapes.
    """

    def __init__(
        self,
        entropy: EntropyModel,
        error: Callable[[Coded, int], torch.Tensor],
        c: Tensors,
        q: torch.Tensor,
        worth: float,
        bits: float | None,
        focus: bool = False,
        inner: Tensors | None = None,
        seed: int = 0,
    ) -> None:
        self.entropy, self.error, self.start, self.q, self.worth, self.bits = entropy, error, c, q, worth, bits
        self.focus, self.inner, self.rounding = focus, inner, Annealed(seed)
        self.sizes = {name: entropy.model(name).step(q) for name in entropy.names}
        self.moves = {name: torch.zeros_like(c[name]).requires_grad_() for name in entropy.names}
        self.price = 1.0  # of a bit

    def tensors(self) -> Tensors:
        """As they are by now."""
        return {name: t.detach() for name, t in self._moved().items()}

    def run(self, iterations: int) -> Iterator[int]:
        """Does one iteration after the other, and says its number when it is done."""
        adam = torch.optim.Adam(list(self.moves.values()), lr=RATE, betas=BETAS)
        for i in range(iterations):
            done = i / max(1, iterations - 1)
            self.rounding.temperature = HOT * (COLD / HOT) ** done
            adam.param_groups[0]["lr"] = RATE * (LAST / RATE) ** done * min(1.0, (i + 1) / WARM)
            hats, bits = self.entropy(Coded(**self._moved()), self.q, self.rounding, focus=self.focus)
            rate = torch.stack(list(bits.values())).sum()
            loss = self.price * rate + self.worth * self.error(hats, i)
            gradients = torch.autograd.grad(loss, list(self.moves.values()))
            for name, gradient in zip(self.moves, gradients):
                self.moves[name].grad = gradient if self.inner is None else gradient * self.inner[name]
            adam.step()
            if self.bits is not None:
                self.price = min(max(self.price * (self.rounded() / self.bits) ** STEER, PRICES[0]), PRICES[1])
            yield i

    @torch.no_grad()
    def rounded(self) -> float:
        """Bits of the tensors, rounded."""
        _, bits = self.entropy(Coded(**self._moved()), self.q, torch.round, focus=self.focus)
        return float(torch.stack(list(bits.values())).sum())

    def _moved(self) -> Tensors:
        return self.start | {name: self.start[name] + move * self.sizes[name] for name, move in self.moves.items()}
