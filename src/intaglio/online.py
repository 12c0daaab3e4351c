"""Continuous online optimisation: the coded tensors refined on the picture itself, at the encoder's expense.

Annealed rounding (SGA, Yang et al., NeurIPS 2020): each value is, by chance, its floor or its ceiling, with odds that
sharpen as the temperature falls, so that gradients see what rounding will do. The objective is the compressor's own,
rate + lambda * errors of base latent and base picture; no decoder runs. Symbols stay what any decoder reads.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import torch

from intaglio.codecs.common.compressor import Coded
from intaglio.codecs.common.objective import LATENT, PICTURE, lam
from intaglio.codecs.common.thawed import Thawed

ITERATIONS = (0, 4, 8, 12, 20, 30, 50, 80, 130, 200)  # per effort
RATE = 0.06  # of Adam, in steps of the quantiser
HOT, COLD = 0.5, 0.1  # temperature at the first and the last iteration


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


def errors(synthesis: Any, c: Coded, q: torch.Tensor, z: torch.Tensor, p: torch.Tensor) -> torch.Tensor:
    """Weighted errors (B,) of the base latent and the base picture that tensors give, to latents z and packets p."""
    prompt = synthesis(c, q)
    latent = (prompt.latent.float() - z).square().mean((1, 2, 3))
    return LATENT * latent + PICTURE * (prompt.packets.float() - p).square().mean((1, 2, 3))


def refine(
    entropy: Thawed, synthesis: Any, c: Coded, z: torch.Tensor, p: torch.Tensor, index: int, iterations: int
) -> Coded:
    """Tensors c of one picture, refined for quality index `index`; z, p (1, ., h, w) latent and packets of the picture."""
    q = torch.tensor([index / 255], device=z.device)
    pixels, weight = 64 * z.shape[2] * z.shape[3], lam(q)
    names = [f.name for f in fields(Coded)]
    steps = {n: torch.zeros_like(getattr(c, n)).requires_grad_() for n in names}
    sizes = {n: entropy.step(n, q) for n in names}
    optimiser = torch.optim.Adam(steps.values(), lr=RATE)
    rounding = Annealed(seed=index)

    def moved() -> Coded:
        return Coded(**{n: getattr(c, n) + steps[n] * sizes[n] for n in names})

    for i in range(iterations):
        rounding.temperature = HOT * (COLD / HOT) ** (i / max(1, iterations - 1))
        hats, bits = entropy(moved(), q, rounding)
        loss = (bits / pixels + weight * errors(synthesis, hats, q, z, p)).sum()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    with torch.no_grad():
        return moved()
