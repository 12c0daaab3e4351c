"""Jobs in several processes at once, each with its own networks. One that dies takes its job with it and no other.

A process gets a job down its pipe and sends back shares of it that are done (numbers), then its result; or a sentence in
place of all that, where it cannot load what it needs. It ends when the pipe does, so that none outlives this process.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import connection, get_context, resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import TypeAlias, TypeVar

from intaglio.errors import IntaglioError, sentence

Job = TypeVar("Job")
Result = TypeVar("Result")
Do: TypeAlias = Callable[[Job, Callable[[float], None]], Result]
"""Does a job; is told what to call with each share of it that is done."""

PATIENCE = 5  # seconds that a process has to stop when it is told to


@dataclass(frozen=True)
class Lost:
    """What comes in the place of a result where a process has died."""

    reason: str


def at_once(
    jobs: Iterable[Job],
    load: Callable[[], Do[Job, Result]],
    count: int,
    advance: Callable[[Job, float], None] = lambda job, share: None,
) -> Iterator[tuple[Job, Result | Lost]]:
    """All jobs in so many processes, as they get done; a job is taken from `jobs` when a process is free for it.

    Args:
        jobs: any number of them, of a kind that can be pickled, as can results.
        load: what a process does before its first job; can be pickled. advance: is told shares of jobs.

    Raises:
        IntaglioError: what all jobs need cannot be loaded.
    """
    waiting, busy, processes = iter(jobs), dict[Connection, Job](), dict[Connection, SpawnProcess]()

    def give_next(pipe: Connection | None) -> None:
        """To a process that is free, or else to a new one; where no job is left, nothing."""
        for job in waiting:
            if pipe is None:
                pipe, process = _start(load)
                processes[pipe] = process
            busy[pipe] = job
            with suppress(OSError):  # of a process that is gone, which is seen when it is listened to
                pipe.send(job)
            break

    try:
        for _ in range(count):
            give_next(None)
        while busy:
            heard = connection.wait(list(busy))
            for pipe in [pipe for pipe in busy if pipe in heard]:
                try:
                    message = pipe.recv()
                except (EOFError, OSError):
                    process = processes.pop(pipe)
                    process.join()
                    yield (
                        busy.pop(pipe),
                        Lost(
                            f"its process has ended early (exit code {process.exitcode}): is there too little memory?"
                        ),
                    )
                    give_next(None)
                    continue
                match message:
                    case float():
                        advance(busy[pipe], message)
                    case str():
                        raise IntaglioError(message)
                    case _:
                        yield busy.pop(pipe), message
                        give_next(pipe)
    finally:
        for process in processes.values():
            process.terminate()
        for process in processes.values():
            process.join(PATIENCE)
            process.kill()


def share_of_cores(count: int) -> int:
    """Threads of each of so many processes."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, cores // count)


def _start(load: Callable[[], Do[Job, Result]]) -> tuple[Connection, SpawnProcess]:
    """A process and the pipe to it. Ctrl-C is not for it: this process hears it and ends all others."""
    context = get_context("spawn")
    here, there = context.Pipe()
    if sys.platform != "win32":
        resource_tracker.ensure_running()  # which lets all signals through again, once it has started
    process = context.Process(target=_serve, args=(there, load), daemon=True)
    with _held_back(signal.SIGINT):  # which the new process inherits; one that comes meanwhile is heard afterwards
        process.start()
    there.close()  # so that the pipe ends where the process does
    return here, process


@contextmanager
def _held_back(number: signal.Signals) -> Iterator[None]:
    """A signal waits until the end, where the system can do that."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {number})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _serve(pipe: Connection, load: Callable[[], Do[Job, Result]]) -> None:
    """What a process does: one job after the other, until the pipe ends or it is told to stop."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with suppress(EOFError, OSError):
        job = pipe.recv()
        try:
            do = load()
        except Exception as error:
            pipe.send(sentence(error))
            return
        while True:
            pipe.send(do(job, lambda share: pipe.send(float(share))))
            job = pipe.recv()
