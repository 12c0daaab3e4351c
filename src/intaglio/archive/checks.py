"""What an archive would take, from a sample of it; and whether it is what its manifest says."""

from __future__ import annotations

import hashlib
import io
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from intaglio.archive.manifest import Manifest, Row
from intaglio.archive.places import Item, Place
from intaglio.archive.runs import Summary, todo
from intaglio.archive.tasks import Worker
from intaglio.codec import decompress
from intaglio.image import open_picture, to_rgb

T = TypeVar("T")


@dataclass(frozen=True)
class Estimate:
    """What a run would take: items to do, and 95 % intervals (low, high) of all bytes and of core seconds, from a sample."""

    items: int
    read: int
    sample: int
    written: tuple[float, float]
    seconds: tuple[float, float]


def estimate(worker: Worker, count: int, scratch: Place) -> Estimate:
    """Does a random sample of `count` items of what is missing, into a scratch place."""
    number = read = 0

    def counted() -> Iterator[Item]:
        nonlocal number, read
        for item in todo(worker, Summary()):
            number, read = number + 1, read + item.size
            yield item

    chosen = reservoir(counted(), count)
    do = Worker(worker.source, scratch, worker.task).ready() if chosen else None
    rows = [do(item) for item in chosen] if do else []
    rows = rows[1:] if len(rows) > 1 else rows  # the first one is slow, as in every process once
    return Estimate(
        number,
        read,
        len(rows),
        _interval([row.bytes for row in rows], number),
        _interval([row.seconds for row in rows], number),
    )


def _interval(values: list[float] | list[int], count: int) -> tuple[float, float]:
    """The sum of `count` values of which these are a sample: 95 % by bootstrap."""
    if not values:
        return 0.0, 0.0
    means = np.random.default_rng(0).choice(values, (1000, len(values))).mean(1)
    low, high = np.percentile(means, [2.5, 97.5])
    return float(low) * count, float(high) * count


@dataclass(frozen=True)
class Check:
    """A file of an archive, drawn again: `fault` is a sentence, or empty; PSNR in dB where the source is still there."""

    row: Row
    fault: str
    psnr: float | None


def verify(source: Place | None, target: Place, count: int) -> Iterator[Check]:
    """Looks at a random sample of what the manifest calls done."""
    manifest = Manifest(target)
    chosen = set(reservoir((row.name for row in manifest.rows() if not row.error), count))
    latest = {row.name: row for row in manifest.rows() if row.name in chosen and not row.error}
    listed = source.items({_ending(name) for name in chosen}) if source else ()
    items = {item.name: item for item in listed if item.name in chosen}
    for row in latest.values():
        yield _check(source, target, row, items.get(row.name))


def _check(source: Place | None, target: Place, row: Row, item: Item | None) -> Check:
    try:
        data = target.get(row.output)
    except OSError:
        return Check(row, "the file is not there", None)
    if hashlib.sha256(data).hexdigest() != row.sha256:
        return Check(row, "the file has other bytes than those that were written", None)
    try:
        drawn = decompress(data)
        if source is None or item is None:
            return Check(row, "", None)
        original, _ = to_rgb(open_picture(io.BytesIO(source.read(item))))
    except Exception as error:  # whatever is wrong with one file, the others are looked at
        return Check(row, str(error), None)
    if original.shape[:2] != (drawn.height, drawn.width):
        return Check(row, "", None)  # shrunk or framed on the way
    squared = (np.array(drawn.convert("RGB"), float) - original) ** 2
    return Check(row, "", float(10 * np.log10(255**2 / max(squared.mean(), 1e-9))))


def _ending(name: str) -> str:
    return "." + name.rpartition(".")[2].lower()


def reservoir(values: Iterable[T], count: int) -> list[T]:
    """A random sample of values that are seen once (algorithm R), the same at every call."""
    rng, kept = random.Random(0), list[T]()
    for number, value in enumerate(values):
        if number < count:
            kept.append(value)
        elif (place := rng.randint(0, number)) < count:
            kept[place] = value
    return kept
