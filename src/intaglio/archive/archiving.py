"""A run over an archive: what is missing or changed is listed, done by an engine, and written down in batches."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from intaglio.archive.listing import Item, items
from intaglio.archive.manifest import MERGED_AT, Known, Manifest, Row
from intaglio.archive.picture_work import Settings
from intaglio.atomic import tidy
from intaglio.places import Place, place

BATCH, SECONDS = 256, 5.0
"""Rows are written down when there are so many, or the first is so old."""
FOLDERS = 8  # of results, whose names are held at a time

Engine = Callable[[Settings, Known], Iterator[Row]]
"""Lists what is missing, by what is known, and does it."""


@dataclass
class Report:
    """How far a run is."""

    done: int = 0
    failed: int = 0
    total: int | None = None  # of the pictures to do, as soon as they are counted
    bytes: int = 0
    seconds: float = 0.0  # of work, in all processes
    first: float | None = None  # when the first was done, by `time.monotonic`

    @property
    def rate(self) -> float:
        """Pictures a second, from the first on: until then networks are loaded."""
        since = 0 if self.first is None else time.monotonic() - self.first
        return (self.done + self.failed - 1) / since if since > 0 else 0.0

    @property
    def left(self) -> float | None:
        """Seconds, if all is counted."""
        rest = None if self.total is None else self.total - self.done - self.failed
        return None if rest is None or not self.rate else max(rest, 0) / self.rate


def missing(settings: Settings, known: Known, *, with_data: bool = True) -> Iterator[Item]:
    """What of the source is not done, not done as it is now, or whose result is gone."""
    results = _Results(place(settings.target))
    for item in items(settings.source, settings.reads, with_data=with_data):
        there = results.has(settings.result(item))  # asked of all, for it tidies
        if not (there and known.has(settings.key(item))):
            yield item


def run(settings: Settings, engine: Engine, show: Callable[[Report, Row], object]) -> Report:
    """Does what is missing, by an engine; shows every row, and how far all is.

    Stopped or killed at any moment, what is written down is done, and another run does the rest.

    Raises:
        IntaglioError: there is no source, or the networks cannot be loaded.
    """
    manifest, report = Manifest(place(settings.target)), Report()
    tidy([manifest.folder / "part"])
    counted, known = threading.Event(), manifest.known()
    threading.Thread(target=_count, args=(settings, known, report, counted), daemon=True).start()
    rows, since = list[Row](), time.monotonic()
    try:
        for row in engine(settings, known):
            if not rows:
                since = time.monotonic()
            rows.append(row)
            if row.get("error"):
                report.failed += 1
            else:
                report.done += 1
                report.bytes += row["bytes"]
            report.first = report.first or time.monotonic()
            report.seconds += row.get("seconds") or 0
            show(report, row)
            if len(rows) >= BATCH or time.monotonic() - since >= SECONDS:
                manifest.add(rows)
                rows = []
                if len(manifest.parts()) >= MERGED_AT:
                    manifest.merge()
    finally:
        counted.set()
        manifest.add(rows)
    manifest.merge()
    return report


def _count(settings: Settings, known: Known, report: Report, stop: threading.Event) -> None:
    """Beside the work, for the time that is left. What cannot be listed is said where it is listed to be done."""
    total = 0
    try:
        for _ in missing(settings, known, with_data=False):
            total += 1
            if stop.is_set():
                return
    except Exception:
        return
    report.total = total


class _Results:
    """Which results are there, by one listing a folder; the first look into a folder tidies it."""

    def __init__(self, root: Place) -> None:
        self._root, self._names = root, OrderedDict[Place, set[str]]()

    def has(self, result: str) -> bool:
        path = self._root / result
        folder = path.parent
        if folder not in self._names:
            tidy([path])
            self._names[folder] = {file.name for file in folder.iterdir()} if folder.is_dir() else set()
            while len(self._names) > FOLDERS:
                self._names.popitem(last=False)
        return path.name in self._names[folder]
