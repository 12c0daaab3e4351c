"""From a payload to a picture: decoded tensors, prompt and control, the diffusion, and pixels."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np

from intaglio import image
from intaglio.entropy.stream import grid
from intaglio.errors import LimitExceeded
from intaglio.networks.progress import Progress, ignored
from intaglio.networks.tiles import Rect, tiles
from intaglio.networks.walsh import SIDE
from intaglio.options import DecompressOptions
from intaglio.pipeline import windows
from intaglio.pipeline.coding import Coding
from intaglio.pipeline.engine import Engine
from intaglio.pipeline.windows import WINDOW
from intaglio.priors.patches import needed

if TYPE_CHECKING:
    from intaglio.compressor.prompt import Prompt


def decode(
    model: Engine, coding: Coding, height: int, width: int, options: DecompressOptions, progress: Progress = ignored
) -> image.Rgb:
    """A payload's picture (height, width, 3), or the options' box of it; the box must lie inside.

    `progress` is told each share of the work as it is done; the shares add up to 1.
    """
    cells = grid(height, width, coding.scale)
    h, w = (windows.GRAIN * side for side in cells)
    tensors = model.tensors(coding.payload, coding.index, cells, coding.focus, salvage=options.salvage, watch=progress)
    q = model.quality(coding.index)
    box = None if options.box is None else Rect(*(options.box[i] for i in (1, 0, 3, 2)))

    def half(share: float) -> None:  # of the diffusion, and of making pixels
        progress(share / 2)

    with model.computing():
        part, far = _parts(model, box, coding.scale, h, w, options.steps)
        prompt, control = windows.guided(model.networks, tensors, q, model.synthesis_reach, part=far)
        z = None
        if options.realism > 0:
            noise = model.noise(options.seed, h, w)
            z = model.networks.draw(control, q, options.steps, noise, options.realism, part, half)
        pixels = _pixels(model, prompt, z, options.realism, part, progress if z is None else half)
    rows, columns = -(-height // (1 << coding.scale)), -(-width // (1 << coding.scale))
    whole = image.enlarge(pixels[:rows, :columns], (height, width))
    return whole if box is None else whole[box.top : box.bottom, box.left : box.right]


def watched(progress: Progress, seconds: float | None) -> Progress:
    """Progress that ends the work, with LimitExceeded, so many seconds from now."""
    if seconds is None:
        return progress
    end = time.monotonic() + seconds

    def watch(share: float) -> None:
        if time.monotonic() > end:
            raise LimitExceeded(f"drawing takes over {seconds:g} seconds: raise max_seconds= or --max-seconds")
        progress(share)

    return watch


def _parts(model: Engine, box: Rect | None, scale: int, h: int, w: int, steps: int) -> tuple[Rect | None, Rect | None]:
    """What a box of the picture depends on: a part of the latent (h, w), and one in grains for all of its patches."""
    if box is None or not model.local:  # the reference decoder's statistics are of the whole latent
        return None, None
    cell = SIDE << scale
    near = Rect(box.top // cell, box.left // cell, -(-box.bottom // cell), -(-box.right // cell))
    part = near.grown(
        model.pixel_reach + 2, h, w
    )  # the decoder's reach, and that of what enlarges and what holds the low band
    patches = needed(part, h, w, steps, model.networks.tile)[0]
    top, left = min(p.top for p in patches), min(p.left for p in patches)
    bottom, right = max(p.bottom for p in patches), max(p.right for p in patches)
    grain = windows.GRAIN
    return part, Rect(top // grain, left // grain, -(-bottom // grain), -(-right // grain))


def _pixels(model: Engine, prompt: Prompt, z: Any, realism: float, part: Rect | None, progress: Progress) -> image.Rgb:
    """The picture of a prompt and drawn latents (None: the base picture), padded, window by window; or part of it."""
    h, w = prompt.latent.shape[2:]
    out = np.zeros((SIDE * h, SIDE * w, 3), np.uint8)
    draw = model.canvas(prompt, z, realism)
    places = list(tiles(h, w, WINDOW, model.pixel_reach + 1, part))
    for inner, outer in places:
        top, left, bottom, right = (SIDE * side for side in inner.within(outer))
        shown = draw(outer)[top:bottom, left:right]
        out[SIDE * inner.top : SIDE * inner.bottom, SIDE * inner.left : SIDE * inner.right] = shown
        progress(1 / len(places))
    return out
