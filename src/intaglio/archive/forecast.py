"""What a run would take, from a sample: bytes and seconds of pictures drawn evenly from all that is missing."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from intaglio.archive.archiving import missing
from intaglio.archive.listing import Item
from intaglio.archive.manifest import Manifest
from intaglio.archive.picture_work import Settings, load
from intaglio.errors import IntaglioError
from intaglio.measures.interval import Figure, bootstrap, mean
from intaglio.places import place

SEED = 20_250_101


@dataclass(frozen=True)
class Forecast:
    """Of the whole run, with 95 % intervals; the interval is of the sample alone."""

    pictures: int
    source_bytes: int
    sampled: int
    failed: int  # of the sample
    bytes: Figure
    hours: Figure  # of one worker


def forecast(settings: Settings, count: int, scratch: str, show: Callable[[int], None]) -> Forecast:
    """Lists all, and does `count` pictures of it into the folder `scratch`; shows how many are done.

    Raises:
        IntaglioError: there is nothing to do, or all of the sample fail.
    """
    draw, sample, pictures, size = random.Random(SEED), list[Item](), 0, 0
    for item in missing(settings, Manifest(place(settings.target)).known()):
        place_in_sample = pictures if pictures < count else draw.randint(0, pictures)
        if place_in_sample < count:
            sample[place_in_sample : place_in_sample + 1] = [item]
        pictures, size = pictures + 1, size + item.size
    if not sample:
        raise IntaglioError("there is nothing to do: all is done already, or no picture is there")
    work = load(replace(settings, target=scratch))
    work(sample[0])  # what is done once only does not count
    rows = []
    for number, item in enumerate(sample):
        rows.append(work(item))
        show(number + 1)
    good = [row for row in rows if not row.get("error")]
    if not good:
        raise IntaglioError(f"all {len(rows)} of the sample fail, the first so: {rows[0]['error']}")
    # What fails takes its time and gives no bytes, in the whole as in the sample.
    seconds = np.array([row["seconds"] for row in rows])
    results = np.array([float(row.get("bytes") or 0) for row in rows])
    return Forecast(
        pictures, size, len(rows), len(rows) - len(good),
        bytes=_times(bootstrap(mean, results), pictures), hours=_times(bootstrap(mean, seconds), pictures / 3600),
    )  # fmt: skip


def _times(figure: Figure, factor: float) -> Figure:
    return Figure(figure.value * factor, figure.low * factor, figure.high * factor, figure.n)
