"""Jobs done one by one, each reported as it is done, what failed said at the end."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

from intaglio.errors import IntaglioError
from intaglio.files import Job, write

Facts: TypeAlias = dict[str, Any]
Show: TypeAlias = Callable[[float], None]
Work: TypeAlias = Callable[[Job, Show], tuple[bytes, Facts]]
"""A job to what is written and what is reported; is told what to call with each share of it that is done."""


def run(jobs: Sequence[Job], work: Work, args: argparse.Namespace) -> int:
    """Does all jobs that can be done, reports each on standard output (on standard error if data goes there)."""
    report = sys.stderr if any(job.target is None for job in jobs) else sys.stdout
    failures: list[str] = []
    written: set[Path] = set()
    skipped = 0
    with progress(len(jobs)) as show:
        for number, job in enumerate(jobs):
            start = time.perf_counter()
            facts: Facts = {"input": str(job), "output": str(job.target or "standard output")}
            try:
                if job.target in written:
                    raise FileExistsError(f"{job.target} was just written from another file of the same name")
                if job.target and job.target.exists() and not args.force:
                    if args.skip_existing:
                        skipped += 1
                        continue
                    raise FileExistsError(
                        f"{job.target} exists (--force overwrites it, --skip-existing passes it over)"
                    )
                data, report_of_job = work(job, counting(show, number))
                write(job.target, data)
            except Exception as error:  # whatever one file does, the others are done
                reason = sentence(error)
                failures.append(reason if str(job) in reason else f"{job}: {reason}")
                facts["error"] = reason
            else:
                facts |= report_of_job | {"seconds": round(time.perf_counter() - start, 3)}
                if job.target:
                    written.add(job.target)
            if args.json:
                print(json.dumps(facts), file=report, flush=True)
            elif "error" not in facts:
                said = ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in report_of_job.items())
                print(f"{facts['output']}: {said}, seconds {facts['seconds']}", file=report, flush=True)
            show(number + 1)
    if skipped:
        complain(f"{skipped} of {len(jobs)} files exist already and are passed over")
    for failure in failures:
        complain(failure)
    if failures and len(jobs) > 1:
        complain(f"{len(failures)} of {len(jobs)} files failed")
    return 2 if failures else 0


def counting(show: Show, done: float) -> Show:
    """What takes shares of a job, and shows them on top of the jobs done."""

    def advance(share: float) -> None:
        nonlocal done
        done += share
        show(done)

    return advance


@contextmanager
def progress(total: int) -> Iterator[Show]:
    """A bar on standard error, where that is a terminal; yields what to call with the number of jobs done."""
    if not sys.stderr.isatty():
        yield lambda done: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn, TimeRemainingColumn

    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    # Lines for standard output pass over the bar only where both share the terminal; else they would land in the bar's.
    shared = sys.stdout.isatty()
    with Progress(*columns, console=Console(stderr=True), transient=True, redirect_stdout=shared) as bar:
        task = bar.add_task("", total=total)
        yield lambda done: bar.update(task, completed=done)


def sentence(error: Exception) -> str:
    """An error in one line: for the system's own, the file and the reason without the number; of a stranger's, its kind."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    if isinstance(error, (IntaglioError, OSError)):
        return str(error)
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__


def complain(message: object) -> None:
    """On standard error; characters that the terminal does not have are escaped, as of strange file names."""
    encoding = sys.stderr.encoding or "ascii"
    print(f"intaglio: {message}".encode(encoding, "backslashreplace").decode(encoding), file=sys.stderr, flush=True)
