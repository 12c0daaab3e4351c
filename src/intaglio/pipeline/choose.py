"""Which codec suits a picture: `auto`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from intaglio.networks.tiles import Rect
from intaglio.networks.walsh import SIDE
from intaglio.pipeline import portrait, windows
from intaglio.pipeline.coding import Coding
from intaglio.pipeline.engine import Engine
from intaglio.pipeline.original import Original

SEEN = 32  # latents a side that `distance` looks at, at the least


def likelier(models: Sequence[Engine], original: Original) -> tuple[list[Engine], bool]:
    """(The models, the likelier first; whether that is so sure that the next matters only where it has no room).

    The first model is FaSDiff's, whose weights tell portraits from other pictures, if they do.
    """
    if len(models) == 1:
        return list(models), True
    first = models[0]
    if first.weights.choice is None:
        return list(models), False
    tensors = first.analyse(original, portrait.scale(*original.rgb.shape[:2]))
    likely = portrait.likelihood(tensors, first.weights.choice)
    if 1 - portrait.SURE < likely < portrait.SURE:
        return list(models), False
    return list(models) if likely >= portrait.SURE else list(models)[::-1], True


def distance(model: Engine, coding: Coding, original: Original, judge: Engine) -> float:
    """How far the picture of a coding, at one step, is from the original: in the directions of latents by `judge`.

    Looked at is the middle of the picture, half as high and wide, though no less than 256 pixels: where it is cut the
    decoder draws without its surroundings, and codecs differ in how well. Latents of pictures, not the drawn ones: those
    are bent to what each codec's decoder makes of them.
    """
    picture = original.padded(coding.scale)
    rows, columns = (side // SIDE for side in picture.shape[:2])
    tensors = model.tensors(coding.payload, coding.index, (rows // windows.GRAIN, columns // windows.GRAIN))
    q = model.quality(coding.index)
    top, left = (min(side // 4, max(side - SEEN, 0) // 2) for side in (rows, columns))
    middle = Rect(top, left, rows - top, columns - left)
    with model.computing():
        prompt, control = windows.guided(model.networks, tensors, q, model.synthesis_reach)
        z = model.networks.draw(control, q, 1, prompt.latent, part=middle)
        drawn = model.canvas(prompt, z, 1.0)(middle)
    cut = picture[SIDE * middle.top : SIDE * middle.bottom, SIDE * middle.left : SIDE * middle.right]
    seen, wanted = (_directions(judge.latents(rgb)) for rgb in (drawn, cut))
    return float(np.square(seen - wanted).mean())


def _directions(z: NDArray[np.float32]) -> NDArray[np.float32]:
    """Latents (1, C, h, w) of length 1."""
    out: NDArray[np.float32] = z / np.maximum(np.linalg.norm(z, axis=1, keepdims=True), 1e-12)
    return out
