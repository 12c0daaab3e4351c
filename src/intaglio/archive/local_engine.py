"""Many pictures at once on this machine: a pool of processes, each with its networks and its share of the cores."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

from intaglio.archive.archiving import missing
from intaglio.archive.listing import Item
from intaglio.archive.manifest import Known, Row
from intaglio.archive.picture_work import Settings, failed, load
from intaglio.processes import Lost, at_once, share_of_cores


def rows(settings: Settings, known: Known, workers: int) -> Iterator[Row]:
    """A row of every item that is missing, as they get done. Items are listed as processes come free.

    Raises:
        IntaglioError: the networks cannot be loaded.
    """
    settings = replace(settings, threads=settings.threads or share_of_cores(workers))
    for item, row in at_once(missing(settings, known), partial(_loaded, settings), workers):
        yield failed(settings, item, row.reason) if isinstance(row, Lost) else row


def _loaded(settings: Settings) -> Callable[[Item, Callable[[float], None]], Row]:
    work = load(settings)
    return lambda item, advance: work(item)
