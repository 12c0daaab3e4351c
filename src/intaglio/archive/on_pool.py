"""Items done on one machine: in this process, or in several that each load their networks once."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, ProcessPoolExecutor, wait
from itertools import islice
from multiprocessing import get_context

from intaglio.archive.manifest import Row
from intaglio.archive.places import Item
from intaglio.archive.tasks import Worker
from intaglio.errors import IntaglioError

AHEAD = 4  # items of each process that wait for it: the listing runs no further ahead

_do: Callable[[Item], Row]  # of this process


def in_turn(worker: Worker, items: Iterator[Item]) -> Iterator[Row]:
    """All items in this process, which loads nothing where there is none."""
    first = list(islice(items, 1))
    if first:
        do = worker.ready()
        yield do(first[0])
        yield from map(do, items)


def at_once(worker: Worker, items: Iterator[Item], count: int) -> Iterator[Row]:
    """All items in `count` processes, as they get done.

    Raises:
        IntaglioError: a process has died, of too little memory perhaps.
    """
    waiting = set[Future[Row]]()
    pool = ProcessPoolExecutor(count, get_context("spawn"), _begin, (worker, count))
    try:
        while True:
            waiting |= {pool.submit(_run, item) for item in islice(items, AHEAD * count - len(waiting))}
            if not waiting:
                return
            done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            for future in done:
                yield future.result()
    except BrokenExecutor as error:
        raise IntaglioError("a process has ended early: is there too little memory for so many?") from error
    finally:
        pool.shutdown(cancel_futures=True)


def _begin(worker: Worker, count: int) -> None:
    """Ctrl-C is not for these processes: theirs hears it, and ends them when they have done what they are at."""
    global _do
    import os

    import torch

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    torch.set_num_threads(max(1, len(os.sched_getaffinity(0)) // count) if hasattr(os, "sched_getaffinity") else 1)
    _do = worker.ready()


def _run(item: Item) -> Row:
    return _do(item)
