"""Faces that are coded apart: which, at what rate, and how they are drawn into the ground.

A face that is small in its picture has few bytes there, as many a pixel as what is behind it. Coded in a frame of its own
it gets more. Where it fills the picture it has most of the bytes anyway, and where bytes are too few for every face of
like size, none is coded apart.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from intaglio.codecs.diffusion_codec import Progress
from intaglio.errors import BudgetError
from intaglio.faces import head_patch
from intaglio.faces.detector import Face, detect
from intaglio.format import Chunk, Header
from intaglio.format.chunks import FACES
from intaglio.format.faces import FRAME, MAX_FACES, FaceEntry, Faces, Placement
from intaglio.image import Rgb
from intaglio.options import Box, CompressOptions, DecompressOptions
from intaglio.pipeline.coding import Coding, Goal, index_of
from intaglio.pipeline.decoder import decode
from intaglio.pipeline.encoder import encode
from intaglio.pipeline.model import Model
from intaglio.pipeline.original import Original

Ground = Callable[[Box | None, Progress], Rgb]
WEIGHT = {"auto": 10.0, "face": 20.0}  # a pixel of a face is worth so many of the ground's, by focus
MOST = 0.62  # of all bytes go to faces at most
LEAST = 110  # bytes that a patch has; where there are not so many for each face, none is coded apart
FILLS = 0.2  # of the picture: from here on a patch costs the rest more than the face gains
ALIKE = 0.5  # faces from so much of the widest one's width on are treated as one group
BETTER = 48  # quality indices by which faces are better than the ground where a quality is asked for


@dataclass(frozen=True)
class Patches:
    """Coded faces: what their chunk says, their payloads one behind the other, the seed of their tables."""

    faces: Faces
    payload: bytes
    seed: int

    @property
    def chunk(self) -> Chunk:
        return Chunk(FACES, self.faces.pack())


def coded(model: Model, original: Original, options: CompressOptions) -> Patches | None:
    """The faces of a picture that are worth it, coded by a FaSDiff model; None where none is."""
    if options.focus == "off":
        return None
    height, width = original.rgb.shape[:2]
    group = _group(detect(original.rgb))
    places = [head_patch.place(face, height, width) for face in group]
    area = sum(_area(place, height, width) for place in places) / (height * width)
    if not places or area > FILLS:
        return None
    room = None
    if options.max_bytes is not None:
        weighted = WEIGHT[options.focus] * area
        share = min(MOST, weighted / (weighted + 1 - area))
        room = max(LEAST, round(options.max_bytes * share / len(places)))
        if room * len(places) > MOST * options.max_bytes:
            return None
    entries, payloads = list[FaceEntry](), list[bytes]()
    for place in places:
        coding = _patch(model, original.rgb, place, options, room)
        if coding is None:
            return None
        entries.append(FaceEntry(dataclasses.replace(place, scale=coding.scale), coding.index, len(coding.payload)))
        payloads.append(coding.payload)
    return Patches(Faces(model.weights.stream, tuple(entries)), b"".join(payloads), model.stream.seed)


def _group(faces: Sequence[Face]) -> list[Face]:
    """The faces that a picture is of: those of like size with the widest."""
    widest = max((face.width for face in faces), default=0.0)
    return [face for face in faces if face.width >= ALIKE * widest][:MAX_FACES]


def _area(place: Placement, height: int, width: int) -> float:
    a, b, _, d, e, _ = place.affine(height, width)
    return a * e - b * d


def _patch(model: Model, rgb: Rgb, place: Placement, options: CompressOptions, room: int | None) -> Coding | None:
    """A face's patch, in `room` bytes with what the chunk says of it, or at the quality; None where there is no room."""
    wide = math.hypot(place.affine(*rgb.shape[:2])[0], place.affine(*rgb.shape[:2])[3])
    finest = min(3, max(0, math.floor(math.log2(FRAME[1] / wide) + 0.5)))  # no finer than the picture is
    original = Original(head_patch.cut(rgb, place), model.device)
    index = min(255, index_of(options.quality) + BETTER)
    budget = None if room is None else (lambda scale: room - 8)
    try:
        coding = encode(model, original, Goal(index, budget, options.effort, finest=finest))
    except BudgetError:
        return None
    return coding if coding.scale <= 3 else None


def draw(
    model: Model,
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
