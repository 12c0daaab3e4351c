"""A picture to a whole .itg file: by the model that suits it, or with its own pixels where those take few bytes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import suppress

from intaglio import format
from intaglio.errors import BudgetError
from intaglio.format import Chunk, Header
from intaglio.format.chunks import FOCUS
from intaglio.format.streams import CUSTOM, PLAIN
from intaglio.options import CompressOptions
from intaglio.pipeline import choose, face_patches, plain
from intaglio.pipeline.coding import Coding, Goal, index_of
from intaglio.pipeline.encoder import encode
from intaglio.pipeline.engine import Engine
from intaglio.pipeline.face_patches import Patches
from intaglio.pipeline.original import Original
from intaglio.pipeline.search import typical

FACES = 0.5  # of the work goes to faces that are coded apart, about
EXACT = 2  # times as many bytes as a model's file may have one with the picture's own pixels
Advance = Callable[[float], None]


def whole_file(
    models: Sequence[Engine], original: Original, options: CompressOptions, advance: Advance, *, plainly: bool
) -> bytes:
    """The file of a picture by one of the models; with `plainly`, of its own pixels if they take few bytes.

    `advance` is told each share of the refinement as it is done.

    Raises:
        BudgetError: max_bytes is too small.
    """
    pixels, enough = _plain(original, options) if plainly and options.focus != "face" else (None, 0.0)
    if pixels is not None and len(pixels) <= enough:
        return pixels
    data = _drawn(models, original, options, advance)
    return pixels if pixels is not None and len(pixels) <= EXACT * len(data) else data


def _drawn(models: Sequence[Engine], original: Original, options: CompressOptions, advance: Advance) -> bytes:
    """The file with faces coded apart, where that pays, or without."""
    told = 0.0

    def on_faces(share: float) -> None:
        nonlocal told
        told += FACES * share
        advance(FACES * share)

    portraitist = _portraitist(models)
    faces = portraitist and face_patches.coded(portraitist, original, options, on_faces)
    rest: Advance = lambda share: advance((1 - told) * share)  # noqa: E731
    if faces:
        with suppress(BudgetError):
            return _best(models, original, options, rest, faces)
    return _best(models, original, options, rest)


def _portraitist(models: Sequence[Engine]) -> Engine | None:
    """The model that codes faces apart. A custom one does so for its own ground alone: a file names one custom model."""
    model = next((model for model in models if model.weights.codec == "fasdiff"), None)
    return None if model is None or (model.weights.stream == CUSTOM and len(models) > 1) else model


def _best(
    models: Sequence[Engine],
    original: Original,
    options: CompressOptions,
    advance: Advance,
    faces: Patches | None = None,
) -> bytes:
    """The file of the model that suits the picture: of the surely likelier one that has room, or the nearer of all.

    Whatever it shows, it is no portrait any more once its faces are coded apart.
    """
    if faces:
        order, sure = sorted(models, key=lambda model: model.weights.codec == "fasdiff"), True
    else:
        order, sure = choose.likelier(models, original)
    judge = models[0]
    share = 1.0 if sure else 1 / len(order)
    limit, least = options.max_bytes, list[int]()
    best: tuple[tuple[int, float], bytes] | None = None
    for model in order:
        try:
            coding, data = _file(model, original, options, limit, lambda done: advance(done * share), faces)
        except BudgetError as error:
            least.append(error.least)
            continue
        if sure:
            return data
        limit = limit or len(data)  # the others at equal bytes
        nearness = coding.scale, choose.distance(model, coding, original, judge)
        if best is None or nearness < best[0]:
            best = nearness, data
    if best is None:
        raise BudgetError(f"{limit} bytes are too few for this picture: {min(least)} is the least", min(least))
    return best[1]


def _file(
    model: Engine,
    original: Original,
    options: CompressOptions,
    limit: int | None,
    advance: Advance,
    faces: Patches | None,
) -> tuple[Coding, bytes]:
    """A picture coded by one model, and the whole file. BudgetError counts bytes of the file."""
    stream, (height, width) = model.weights.stream, original.rgb.shape[:2]
    focus = options.focus == "face"

    def written(quality: int, scale: int, payload: bytes) -> bytes:
        bits, smaller = Header.scaled(scale)
        header = Header(
            width=width, height=height, quality=quality, stream=stream, scale=bits, grey=original.grey,
            digest=model.stream.digest if stream == CUSTOM else None,
            chunks=((Chunk(FOCUS, b""),) if focus else ()) + smaller + ((faces.chunk,) if faces else ()),
        )  # fmt: skip
        seed = model.stream.seed ^ (faces.seed if faces else 0)
        return format.write(header, payload + (faces.payload if faces else b""), seed=seed, bare=options.bare)

    def room(scale: int) -> int:
        return (limit or 0) - len(written(0, scale, b""))

    goal = Goal(index_of(options.quality), None if limit is None else room, options.effort, focus)
    try:
        coding = encode(model, original, goal, advance)
    except BudgetError as error:
        raise BudgetError(str(error), error.least + (limit or 0)) from None
    return coding, written(coding.index, coding.scale, coding.payload)


def _plain(original: Original, options: CompressOptions) -> tuple[bytes | None, float]:
    """The file of a picture's own pixels, unless they take far too much; and the bytes up to which it surely is the best.

    Those are what a typical picture takes at the quality, for this one is exact; or the limit.
    """
    rgb, index = original.rgb, index_of(options.quality)
    height, width = rgb.shape[:2]
    header = Header(width=width, height=height, quality=index, stream=PLAIN, grey=original.grey)
    overhead = len(format.write(header, b"", seed=0, bare=options.bare))
    if options.max_bytes is not None:
        enough = float(options.max_bytes)
        payload = plain.nearest(rgb, options.max_bytes - overhead)
    else:
        enough = math.inf if height * width <= plain.TINY else typical(index) * height * width / 8
        payload = plain.encode(rgb, options.quality, 8 * enough)
    return (None if payload is None else format.write(header, payload, seed=0, bare=options.bare)), enough
