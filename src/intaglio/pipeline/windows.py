"""Analysis, and synthesis with guidance, of pictures of any size: in windows with a margin that makes them the whole.

A window is counted in grains of 32 pixels, the step of the coarsest coded tensors. Up to TILE grains a side there is one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from intaglio.compressor.prompt import Prompt
from intaglio.entropy.learned.coded import Coded
from intaglio.networks.tiles import Rect, stitch
from intaglio.priors.prior import Control

if TYPE_CHECKING:
    import torch

    from intaglio.codecs.diffusion_codec import DiffusionCodec
    from intaglio.compressor.analysis import Analysis

TILE = 64  # grains: 2048 pixels
GRAIN = 4  # latents in a grain
WINDOW = 128  # latents a side that pixels are coded and drawn by


def analyse(
    analysis: Analysis,
    p: torch.Tensor,
    reach: int,
    z: torch.Tensor | None = None,
    tile: int = TILE,
    after: Callable[[float], object] = lambda share: None,
) -> Coded:
    """`analysis(p, z)` in windows: y and the features at 1/32 by window, what is made of those at once; `after` as in `stitch`."""

    def net(place: Rect) -> list[torch.Tensor]:
        return list(analysis.spatial(place.cut(p, GRAIN), None if z is None else place.cut(z, GRAIN)))

    y, deep = stitch(net, p.shape[2] // GRAIN, p.shape[3] // GRAIN, tile, reach, after=after)
    return analysis.finish(y, deep)


def guided(
    networks: DiffusionCodec, c: Coded, q: torch.Tensor, reach: int, tile: int = TILE, part: Rect | None = None
) -> tuple[Prompt, Control]:
    """Prompt and control of a codec's networks for decoded tensors; of a large picture's prompt, only what both heads give.

    With `part`, a rectangle of grains, windows that have nothing of it stay zero.
    """
    rows, columns = c.h.shape[2:]
    if rows <= tile and columns <= tile:
        prompt: Prompt = networks.compressor.synthesis(c, q)
        return prompt, networks.control(c, prompt, q)
    last: list[Control] = []

    def net(place: Rect) -> list[torch.Tensor]:
        window = Coded(place.cut(c.lf), place.cut(c.h), c.vector, place.cut(c.y, 2))
        prompt: Prompt = networks.compressor.synthesis(window, q)
        control = networks.control(window, prompt, q)
        last[:] = [control]
        return [prompt.latent, prompt.packets, *control.maps, *(s for s in control.scales if s.shape[2:] != (1, 1))]

    latent, packets, *rest = stitch(net, rows, columns, tile, reach, part)
    maps, scales = rest[: len(last[0].maps)], rest[len(last[0].maps) :]
    control = networks.completed(replace(last[0], maps=maps, scales=scales or last[0].scales, base=latent), c)
    return Prompt(latent[:, :0], latent[:, :0], latent, packets, control.cond), control
