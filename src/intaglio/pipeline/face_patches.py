"""Faces that are coded apart: which, and at what rate (`face_drawing` draws them into the ground).

A face that is small in its picture has few bytes there, as many a pixel as what is behind it. Coded in a frame of its own
it gets more: all faces together have a share of the file's bytes, each an equal part of it, and none more than it can use.
Where a face is so large that it has nearly as many anyway, or where bytes are too few for every face of like size, none is
coded apart.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from intaglio.errors import BudgetError
from intaglio.faces import head_patch
from intaglio.faces.detector import Face, detect
from intaglio.format import Chunk
from intaglio.format.chunks import FACES
from intaglio.format.faces import MAX_FACES, PLACEMENT, FaceEntry, Faces, Placement
from intaglio.options import CompressOptions
from intaglio.pipeline.coding import Coding, Goal, index_of
from intaglio.pipeline.encoder import encode
from intaglio.pipeline.engine import Engine
from intaglio.pipeline.original import Original
from intaglio.pipeline.search import typical

OVERHEAD = PLACEMENT + 3  # bytes of a face's entry: quality index and length on top
SHARE = {"auto": 0.35, "face": 0.6}  # of the bytes go to faces at `USUAL` bits a pixel, by focus
USUAL = 0.03  # with fewer the share grows as the root: there the ground loses little
MOST = 0.6  # of the bytes go to faces at any rate
ENOUGH = {"auto": 300, "face": 600}  # bytes of one patch: more are hardly seen
LEAST = 70  # bytes that a patch has; where there are not so many for each face, none is coded apart
DENSER = 3  # times as many bytes a pixel as the picture has on average make a face better than the ground shows it
ALIKE = 0.35  # faces from so much of the widest one's width on are treated as one group
HALVED = 180  # pixels of the picture under which a patch is coded at half its frame: finer is not seen, coarser is


@dataclass(frozen=True)
class Patches:
    """Coded faces: what their chunk says, their payloads one behind the other, the seed of their tables."""

    faces: Faces
    payload: bytes
    seed: int

    @property
    def chunk(self) -> Chunk:
        return Chunk(FACES, self.faces.pack())


def coded(
    model: Engine, original: Original, options: CompressOptions, advance: Callable[[float], None]
) -> Patches | None:
    """The faces of a picture that are worth it, coded by a FaSDiff model; None where none is.

    `advance` is told each share of the work on them as it is done; the shares add up to 1.
    """
    if options.focus == "off" or options.frame:  # a framed portrait is its face
        return None
    height, width = original.rgb.shape[:2]
    places = [head_patch.place(face, height, width) for face in _group(detect(original.rgb))]
    limit = options.max_bytes or typical(index_of(options.quality)) * height * width / 8
    density = limit / (height * width)
    share = min(MOST, SHARE[options.focus] * math.sqrt(USUAL / (8 * density)))
    enough = ENOUGH[options.focus]
    room = min(enough, share * limit / max(1, len(places)))
    places = [place for place in places if room >= DENSER * density * _area(place, height, width)]
    room = int(min(enough, share * limit / max(1, len(places))))
    if not places or room < LEAST:
        return None
    entries, payloads = list[FaceEntry](), list[bytes]()
    for place in places:
        coding = _patch(model, original, place, options.effort, room, lambda share: advance(share / len(places)))
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


def _patch(
    model: Engine, whole: Original, place: Placement, effort: int, room: int, advance: Callable[[float], None]
) -> Coding | None:
    """A face's patch in `room` bytes with what the chunk says of it; None where that is too little."""
    a, _, _, d, _, _ = place.affine(*whole.rgb.shape[:2])
    original = Original(head_patch.cut(whole.rgb, place))
    original.hurry = whole.hurry
    goal = Goal(0, lambda scale: room - OVERHEAD, effort, finest=int(math.hypot(a, d) < HALVED))
    try:
        coding = encode(model, original, goal, advance)
    except BudgetError:
        return None
    whole.hurry = original.hurry
    return coding if coding.scale <= 3 else None
