"""Analysis, and synthesis with guidance, of pictures of any size: in windows with a margin that makes them the whole.

A window is counted in grains of 32 pixels, the step of the coarsest coded tensors. Up to TILE grains a side there is one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch

from intaglio.compressor.compressor import Analysis, Coded, Prompt
from intaglio.priors.patches import Box, meets
from intaglio.priors.unet import Control
from intaglio.spaces.lean_encoder import REACH

TILE = 64  # grains: 2048 pixels
GRAIN = 4  # latents in a grain


def margins(depth: int) -> tuple[int, int]:
    """Grains that analysis, and synthesis with guidance, reach; `depth` as in CompressorConfig."""
    analysis = REACH + 16 + 6 * depth  # latents: the encoder; 1 + 2d at 1/8, then down; 2d at 1/16, down; 3 at 1/32
    synthesis = 17 + 6 * depth  # 2 at 1/32; 2d + 1 at 1/16; 2d + 1 at 1/8; guidance 4 at 1/8 and 1 at 1/16
    return -(-analysis // GRAIN), -(-synthesis // GRAIN)


def in_windows(
    net: Callable[[int, int, int, int], list[torch.Tensor]],
    rows: int,
    columns: int,
    reach: int,
    tile: int,
    part: Box | None = None,
) -> list[torch.Tensor]:
    """Tensors of the whole out of `net(top, left, bottom, right)`, which gives those of a window of grains.

    With `part`, windows that have nothing of it stay zero.
    """
    whole: list[torch.Tensor] = []
    for top in range(0, rows, tile):
        for left in range(0, columns, tile):
            bottom, right = min(top + tile, rows), min(left + tile, columns)
            if part and not meets((top, left, bottom - top, right - left), part):
                continue
            first, start = max(top - reach, 0), max(left - reach, 0)
            last, end = min(bottom + reach, rows), min(right + reach, columns)
            parts = net(first, start, last, end)
            steps = [part.shape[2] // (last - first) for part in parts]
            if not whole:
                whole = [p.new_zeros(*p.shape[:2], rows * s, columns * s) for p, s in zip(parts, steps)]
            for out, found, s in zip(whole, parts, steps):
                inside = found[..., (top - first) * s : (bottom - first) * s, (left - start) * s : (right - start) * s]
                out[..., top * s : bottom * s, left * s : right * s] = inside
    return whole


def cut(x: torch.Tensor, step: int, top: int, left: int, bottom: int, right: int) -> torch.Tensor:
    """A window of a tensor that has `step` positions in a grain."""
    return x[..., top * step : bottom * step, left * step : right * step]


def analyse(analysis: Analysis, p: torch.Tensor, reach: int, z: torch.Tensor | None = None, tile: int = TILE) -> Coded:
    """`analysis(p, z)` in windows: y and the features at 1/32 by window, what is made of those at once."""

    def net(*window: int) -> list[torch.Tensor]:
        given = None if z is None else cut(z, GRAIN, *window)
        return list(analysis.spatial(cut(p, GRAIN, *window), given))

    y, deep = in_windows(net, p.shape[2] // GRAIN, p.shape[3] // GRAIN, reach, tile)
    return analysis.finish(y, deep)


def guided(
    model: Any, c: Coded, q: torch.Tensor, reach: int, tile: int = TILE, part: Box | None = None
) -> tuple[Prompt, Control]:
    """Prompt and control of a codec's networks for decoded tensors; of a large picture's prompt, only what both heads give.

    With `part`, a box in grains, windows that have nothing of it stay zero.
    """
    rows, columns = c.h.shape[2:]
    if rows <= tile and columns <= tile:
        prompt = model.compressor.synthesis(c, q)
        return prompt, model.control(c, prompt, q)
    last: list[Control] = []

    def net(*window: int) -> list[torch.Tensor]:
        window_of = Coded(cut(c.lf, 1, *window), cut(c.h, 1, *window), c.vector, cut(c.y, 2, *window))
        prompt = model.compressor.synthesis(window_of, q)
        control = model.control(window_of, prompt, q)
        last[:] = [control]
        return [prompt.latent, prompt.packets, *control.maps, *(s for s in control.scales if s.shape[2:] != (1, 1))]

    latent, packets, *rest = in_windows(net, rows, columns, reach, tile, part)
    maps, scales = rest[: len(last[0].maps)], rest[len(last[0].maps) :]
    control = replace(last[0], maps=maps, scales=scales or last[0].scales, base=latent)
    return Prompt(latent[:, :0], latent[:, :0], latent, packets, control.cond), control
