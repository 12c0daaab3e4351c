"""From a payload to a picture: decoded tensors, prompt and control, the diffusion, and pixels."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import torch

from intaglio import image
from intaglio.codecs.diffusion_codec import Progress, ignored
from intaglio.compressor.base_picture import base_picture
from intaglio.compressor.synthesis import Prompt
from intaglio.entropy.stream import grid
from intaglio.errors import LimitExceeded
from intaglio.networks.packets import SIDE
from intaglio.networks.tiles import Rect, tiles
from intaglio.options import DecompressOptions
from intaglio.pipeline import windows
from intaglio.pipeline.coding import Coding
from intaglio.pipeline.model import Model
from intaglio.pipeline.original import WINDOW
from intaglio.priors.noise import field
from intaglio.priors.patches import needed
from intaglio.spaces.lean_decoder import REACH


@torch.inference_mode()
def decode(
    model: Model, coding: Coding, height: int, width: int, options: DecompressOptions, progress: Progress = ignored
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

    with model.autocast():
        part, far = _parts(model, box, coding.scale, h, w, options.steps)
        prompt, control = windows.guided(model.networks, tensors, q, model.synthesis_reach, part=far)
        z = None
        if options.realism > 0:
            noise = field(options.seed, prompt.latent.shape[1], h, w).to(model.device)
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


def _parts(model: Model, box: Rect | None, scale: int, h: int, w: int, steps: int) -> tuple[Rect | None, Rect | None]:
    """What a box of the picture depends on: a part of the latent (h, w), and one in grains for all of its patches."""
    if box is None or model.lean is None:  # the reference decoder's statistics are of the whole latent
        return None, None
    cell = SIDE << scale
    near = Rect(box.top // cell, box.left // cell, -(-box.bottom // cell), -(-box.right // cell))
    part = near.grown(REACH + 2, h, w)  # the decoder's reach, and that of what enlarges and what holds the low band
    patches = needed(part, h, w, steps, model.networks.tile)
    top, left = min(p.top for p in patches), min(p.left for p in patches)
    bottom, right = max(p.bottom for p in patches), max(p.right for p in patches)
    grain = windows.GRAIN
    return part, Rect(top // grain, left // grain, -(-bottom // grain), -(-right // grain))


def _pixels(
    model: Model, prompt: Prompt, z: torch.Tensor | None, realism: float, part: Rect | None, progress: Progress
) -> image.Rgb:
    """The picture of a prompt and drawn latents (None: the base picture), padded, window by window; or part of it."""
    h, w = prompt.latent.shape[2:]
    out = np.zeros((SIDE * h, SIDE * w, 3), np.uint8)
    whole = None
    if z is not None and model.lean is None:
        whole = model.space.decode(z.float().contiguous(memory_format=torch.channels_last), clamp=False)
    places = list(tiles(h, w, WINDOW, REACH + 1, part))
    for inner, outer in places:
        shown = replace(prompt, packets=outer.cut(prompt.packets))
        x = base_picture(shown)
        if z is not None:
            drawn = outer.cut(whole, SIDE) if whole is not None else model.pixels(outer.cut(z))
            x = torch.lerp(x, model.networks.hold(drawn.float(), shown, realism), realism)
        inside = inner.within(outer).cut(x, SIDE)[0].float()
        levels = (inside.clamp(0, 1) * 255).round().to(torch.uint8).permute(1, 2, 0).cpu().numpy()
        out[SIDE * inner.top : SIDE * inner.bottom, SIDE * inner.left : SIDE * inner.right] = levels
        progress(1 / len(places))
    return out
