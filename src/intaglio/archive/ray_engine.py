"""Many pictures at once on a cluster, by Ray Data: one task lists, warm actors do, rows come back; each waits for the next.

    list (a generator) ─ blocks of items ─► actors, networks loaded once ─ rows ─► this process

Source and target must be places that all machines see: a bucket, a shared folder. Blocks are small, so that rows come as they
get done, and a tar's pictures do not pile up; Ray holds the generator back when what it gave waits to be done.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Any

import pyarrow as pa

from intaglio.archive.archiving import missing
from intaglio.archive.listing import Item
from intaglio.archive.manifest import SCHEMA, Manifest, Row
from intaglio.archive.picture_work import Settings, load
from intaglio.errors import IntaglioError
from intaglio.places import place

LISTING = (
    0.25  # cores; not as many as an actor has, for Ray would list and do in one actor then, and leave the others idle
)
BATCH = 16  # items listed at a time
BLOCK = 1 << 12  # bytes: some 30 items, some 15 rows
WAITING = 4  # blocks that wait for an actor
ITEMS = pa.schema(
    [
        ("path", pa.binary()),  # any bytes, as names of files have
        ("size", pa.int64()),
        ("stamp", pa.string()),
        ("data", pa.large_binary()),
        ("error", pa.string()),
    ]
)


def rows(settings: Settings, workers: int, *, address: str | None = None, gpus: float = 0) -> Iterator[Row]:
    """A row of every item that is missing, as they get done.

    Args:
        workers: actors, each with `settings.threads` cores (1 if not said) and `gpus` of a GPU.
        address: of a cluster that runs, "auto" for the one of this machine; None starts one here, for this run.

    Raises:
        IntaglioError: Ray is not installed, cannot be reached, or what all pictures need cannot be loaded.
    """
    try:
        import ray
        from ray.data import ActorPoolStrategy, DataContext
    except ImportError:
        raise IntaglioError("the engine ray needs a package: pip install 'intaglio[ray]'") from None
    threads = settings.threads or 1
    settings = replace(settings, threads=threads)
    started = not ray.is_initialized()
    if started:
        here = {} if address else {"num_cpus": threads * workers + 1, "include_dashboard": False}  # one for the list
        try:
            ray.init(address=address or "local", log_to_driver=False, logging_level="error", **here)
        except (ConnectionError, RuntimeError, ValueError) as error:
            raise IntaglioError(f"Ray cannot be reached at {address or 'this machine'}: {error}") from error
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    context = DataContext.get_current().copy()
    context.enable_progress_bars = False
    context.target_max_block_size = BLOCK
    try:
        with DataContext.current(context):
            results = (
                ray.data.range(1)
                .map_batches(_listed, fn_args=(settings,), batch_size=None, num_cpus=LISTING)
                .map_batches(
                    _Actor, fn_constructor_args=(settings,), batch_size=None, batch_format="pyarrow",
                    num_cpus=threads, num_gpus=gpus or None,
                    compute=ActorPoolStrategy(size=workers, max_tasks_in_flight_per_actor=WAITING),
                )
            )  # fmt: skip
            for batch in results.iter_batches(batch_size=None, batch_format="pyarrow", prefetch_batches=1):
                yield from batch.to_pylist()
    except ray.exceptions.RayError as error:
        cause = getattr(error, "cause", None) or error
        raise IntaglioError(f"Ray has stopped: {cause}") from error
    finally:
        if started:
            ray.shutdown()


def _listed(batch: Any, settings: Settings) -> Iterator[pa.Table]:
    """A table of items at a time, of all that is missing."""
    waiting = list[Item]()
    known = Manifest(place(settings.target)).known()
    for item in missing(settings, known):
        waiting.append(item)
        if len(waiting) == BATCH or item.data is not None:
            yield _table(waiting)
            waiting = []
    if waiting:
        yield _table(waiting)


def _table(waiting: list[Item]) -> pa.Table:
    told = [asdict(item) | {"path": item.path.encode("utf-8", "surrogateescape")} for item in waiting]
    return pa.Table.from_pylist(told, schema=ITEMS)


class _Actor:
    """A worker that stays, with its networks."""

    def __init__(self, settings: Settings) -> None:
        self._work = load(settings)

    def __call__(self, table: pa.Table) -> Iterator[pa.Table]:
        for told in table.to_pylist():
            item = Item(**told | {"path": told["path"].decode("utf-8", "surrogateescape")})
            yield pa.Table.from_pylist([self._work(item)], schema=SCHEMA)
