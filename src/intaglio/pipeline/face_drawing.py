"""Faces that were coded apart, drawn into the ground."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

from intaglio.faces import head_patch
from intaglio.format import Header
from intaglio.format.faces import FRAME
from intaglio.image import Rgb
from intaglio.networks.progress import Progress
from intaglio.options import Box, DecompressOptions
from intaglio.pipeline.coding import Coding
from intaglio.pipeline.decoder import decode
from intaglio.pipeline.engine import Engine

Ground = Callable[[Box | None, Progress], Rgb]


def draw(
    model: Engine,
    header: Header,
    payloads: Sequence[bytes],
    options: DecompressOptions,
    ground: Ground,
    progress: Progress,
) -> Rgb:
    """The picture of a file with faces, or the options' box of it.

    Args:
        ground: what draws the picture without them, or a box of it.
    """
    faces, (rows, columns) = header.faces, FRAME
    assert faces is not None
    whole = (0, 0, header.width, header.height)
    box = options.box or whole
    drawn = [
        (face, payload, head_patch.bounds(face.placement, header.height, header.width))
        for face, payload in zip(faces.entries, payloads)
    ]
    drawn = [(face, payload, around) for face, payload, around in drawn if _meet(around, box)]
    wide = box  # a patch is fitted to all of the ground that it lies on, whichever part of that is wanted
    for _, _, around in drawn:
        wide = min(wide[0], around[0]), min(wide[1], around[1]), max(wide[2], around[2]), max(wide[3], around[3])
    share = 1 / (1 + len(drawn))
    picture = ground(None if wide == whole else wide, lambda done: progress(done * share))
    for face, payload, _ in drawn:
        coding = Coding(payload, face.quality, face.placement.scale)
        patch = decode(
            model, coding, rows, columns, dataclasses.replace(options, box=None), lambda done: progress(done * share)
        )
        head_patch.paste(picture, patch, face.placement, (header.height, header.width), wide[:2])
    left, top = wide[:2]
    return picture[box[1] - top : box[3] - top, box[0] - left : box[2] - left]


def _meet(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
