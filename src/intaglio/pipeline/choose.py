"""Which codec suits a picture: `auto`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
import torch.nn.functional as F

from intaglio.networks import packets
from intaglio.networks.tiles import Rect, stitch
from intaglio.pipeline import portrait, windows
from intaglio.pipeline.coding import Coding
from intaglio.pipeline.encoder import analyse
from intaglio.pipeline.model import Model
from intaglio.pipeline.original import Original
from intaglio.pipeline.windows import WINDOW
from intaglio.spaces import lean_encoder
from intaglio.spaces.lean_encoder import LeanEncoder

SEEN = 32  # latents a side that `distance` looks at, at the least


def likelier(models: Sequence[Model], original: Original) -> tuple[list[Model], bool]:
    """(The models, the likelier first; whether that is so sure that the next matters only where it has no room).

    The first model is FaSDiff's, whose weights tell portraits from other pictures, if they do.
    """
    if len(models) == 1:
        return list(models), True
    first = models[0]
    if first.weights.choice is None:
        return list(models), False
    tensors = analyse(first, original, portrait.scale(*original.rgb.shape[:2]))
    likely = portrait.likelihood(tensors, first.weights.choice)
    if 1 - portrait.SURE < likely < portrait.SURE:
        return list(models), False
    return list(models) if likely >= portrait.SURE else list(models)[::-1], True


@torch.inference_mode()
def distance(model: Model, coding: Coding, original: Original, judge: LeanEncoder) -> float:
    """How far the picture of a coding, at one step, is from the original: in the directions of latents by `judge`.

    Looked at is the middle of the picture, half as high and wide, though no less than 256 pixels: where it is cut the
    decoder draws without its surroundings, and codecs differ in how well. Latents of pictures, not the drawn ones: those
    are bent to what each codec's decoder makes of them.
    """
    p = original.packets(coding.scale)
    rows, columns = p.shape[2:]
    tensors = model.tensors(coding.payload, coding.index, (rows // windows.GRAIN, columns // windows.GRAIN))
    q = model.quality(coding.index)
    top, left = (min(side // 4, max(side - SEEN, 0) // 2) for side in (rows, columns))
    middle = Rect(top, left, rows - top, columns - left)
    with model.autocast():
        prompt, control = windows.guided(model.networks, tensors, q, model.synthesis_reach)
        noise = torch.zeros_like(prompt.latent, dtype=torch.float32)
        z = model.networks.draw(control, q, 1, noise, part=middle)
        shown = replace(prompt, packets=middle.cut(prompt.packets))
        x = model.networks.hold(model.pixels(middle.cut(z)).float(), shown).clamp(0, 1)
    seen, wanted = (
        F.normalize(_latents(judge, of.to(model.dtype)).float(), dim=1)
        for of in (packets.analyse(x - 0.5), middle.cut(p))
    )
    return float((seen - wanted).square().mean())


def _latents(judge: LeanEncoder, p: torch.Tensor) -> torch.Tensor:
    """Latents of packets, tile by tile."""
    (z,) = stitch(lambda place: [judge(place.cut(p))], p.shape[2], p.shape[3], WINDOW, lean_encoder.REACH)
    return z
