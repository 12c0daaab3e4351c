"""Jobs in several processes at once, each with its own networks. One that dies takes its job with it and no other.

A process gets a job down its pipe and sends back shares of it that are done (numbers), then its facts (a dictionary);
or a sentence in place of all that, where it cannot load what it needs.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing import connection, get_context, resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess

from intaglio.cli.jobs import Advance, Facts, Prepare, do, facts_of, ready
from intaglio.cli.terminal import sentence
from intaglio.errors import IntaglioError
from intaglio.files import Job

PATIENCE = 5  # seconds that a process has to stop when it is told to


def at_once(
    jobs: Sequence[Job], prepare: Prepare, args: argparse.Namespace, advance: Advance
) -> Iterator[tuple[Job, Facts]]:
    """All jobs in `args.jobs` processes, as they get done; the cores are shared out among them.

    Raises:
        IntaglioError: what all jobs need cannot be loaded.
    """
    count = min(args.jobs, len(jobs))
    args = argparse.Namespace(**vars(args) | {"threads": args.threads or max(1, _cores() // count)})
    waiting, busy, processes = deque(jobs), dict[Connection, Job](), dict[Connection, SpawnProcess]()
    try:
        while waiting or busy:
            while waiting and len(processes) < count:
                pipe, process = _start(prepare, args)
                processes[pipe] = process
                _give(pipe, waiting, busy)
            heard = connection.wait(list(busy))
            for pipe in [pipe for pipe in busy if pipe in heard]:
                try:
                    message = pipe.recv()
                except (EOFError, OSError):
                    process = processes.pop(pipe)
                    process.join()
                    job = busy.pop(pipe)
                    reason = f"its process has ended early (exit code {process.exitcode}): is there too little memory?"
                    yield job, facts_of(job) | {"error": reason, "warnings": []}
                    continue
                match message:
                    case float():
                        advance(busy[pipe], message)
                    case str():
                        raise IntaglioError(message)
                    case _:
                        yield busy.pop(pipe), message
                        _give(pipe, waiting, busy)
    finally:
        for process in processes.values():
            process.terminate()
        for process in processes.values():
            process.join(PATIENCE)
            process.kill()


def _start(prepare: Prepare, args: argparse.Namespace) -> tuple[Connection, SpawnProcess]:
    """A process and the pipe to it. Ctrl-C is not for it: this process hears it and ends all others."""
    context = get_context("spawn")
    here, there = context.Pipe()
    if sys.platform != "win32":
        resource_tracker.ensure_running()  # which lets all signals through again, once it has started
    process = context.Process(target=_serve, args=(there, prepare, args), daemon=True)
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


def _give(pipe: Connection, waiting: deque[Job], busy: dict[Connection, Job]) -> None:
    if waiting:
        busy[pipe] = waiting.popleft()
        with suppress(OSError):  # of a process that is gone, which is seen when it is listened to
            pipe.send(busy[pipe])


def _serve(pipe: Connection, prepare: Prepare, args: argparse.Namespace) -> None:
    """What a process does: one job after the other, until the pipe ends or it is told to stop."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with suppress(EOFError, OSError):
        job = pipe.recv()
        try:
            work = ready(prepare, args)
        except Exception as error:
            pipe.send(sentence(error))
            return
        while True:
            pipe.send(do(job, work, args.force, lambda share: pipe.send(float(share))))
            job = pipe.recv()


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
