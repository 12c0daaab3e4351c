"""A whole place compressed into another, or drawn again: what is done already is passed over, whatever happens is a row."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal, get_args

from intaglio.archive.manifest import FOLDER, Manifest, Row, missing
from intaglio.archive.on_pool import at_once, in_turn
from intaglio.archive.places import Item, Place
from intaglio.archive.tasks import Compression, Restoration, Worker
from intaglio.errors import OptionError

Engine = Literal["pool", "ray"]


@dataclass
class Summary:
    """What a run did: files that it made, passed over since they were done, and could not make; bytes read and written."""

    done: int = 0
    passed: int = 0
    failed: int = 0
    read: int = 0
    written: int = 0


Show = Callable[[Row, Summary], None]


def archive(
    source: str,
    target: str,
    task: Compression | None = None,
    *,
    workers: int = 1,
    engine: Engine = "pool",
    address: str | None = None,
    gpus: float = 0.0,
    show: Show = lambda row, summary: None,
) -> Summary:
    """Compresses every picture of a place into another place; the same call again does what is missing or has changed.

    Args:
        source, target: folders, or URLs that fsspec knows ("s3://bucket/photos"); tars in the source are looked into.
        workers: processes. engine: of this machine ("pool"), or actors of a Ray cluster ("ray").
        address, gpus: of that cluster, and of each actor.
        show: is told each row as it gets done.

    Raises:
        PlaceError: a place that cannot be opened, listed or written. OptionError: the engine is not there.
    """
    return _run(Worker(Place(source), Place(target), task or Compression()), workers, engine, address, gpus, show)


def restore(
    source: str,
    target: str,
    task: Restoration | None = None,
    *,
    workers: int = 1,
    engine: Engine = "pool",
    address: str | None = None,
    gpus: float = 0.0,
    show: Show = lambda row, summary: None,
) -> Summary:
    """The way back: draws every .itg file of a place. Arguments and errors as `archive` has them."""
    return _run(Worker(Place(source), Place(target), task or Restoration()), workers, engine, address, gpus, show)


def todo(worker: Worker, summary: Summary) -> Iterator[Item]:
    """Items of the source that have no file yet; those that have one are counted. What killed runs left is removed."""
    done, tidied = Manifest(worker.target).done(), PurePosixPath(FOLDER)
    worker.target.tidy([f"{FOLDER}/part"])
    for item in worker.source.items(worker.task.reads):
        output = PurePosixPath(worker.task.output(item.name))
        if output.parent != tidied:
            worker.target.tidy([str(output)])
            tidied = output.parent
        if missing(done, item, worker.task.settings):
            yield item
        else:
            summary.passed += 1


def _run(worker: Worker, count: int, engine: str, address: str | None, gpus: float, show: Show) -> Summary:
    if engine not in get_args(Engine):
        raise OptionError(f"engine is {engine!r}, allowed are {', '.join(get_args(Engine))}")
    summary, manifest = Summary(), Manifest(worker.target)
    items = todo(worker, summary)
    if engine == "ray":
        from intaglio.archive.on_ray import on_ray

        rows = on_ray(worker, items, count, address, gpus)
    else:
        rows = at_once(worker, items, count) if count > 1 else in_turn(worker, items)
    try:
        for row in rows:
            manifest.add(row)
            summary.failed += bool(row.error)
            summary.done += not row.error
            summary.read += row.size
            summary.written += row.bytes
            show(row, summary)
    finally:
        manifest.flush()
    manifest.merge()
    return summary
