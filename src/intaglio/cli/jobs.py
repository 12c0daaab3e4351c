"""One job, and one after the other. A job ends in facts, whatever happens in it."""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, TypeAlias

from intaglio.atomic import write
from intaglio.cli.terminal import Show, interruptible
from intaglio.errors import sentence
from intaglio.files import Job

Facts: TypeAlias = dict[str, Any]
Work: TypeAlias = Callable[[Job, Show], tuple[bytes, Facts]]
"""A job to what is written and what is reported; is told what to call with each share of it that is done."""
Prepare: TypeAlias = Callable[[argparse.Namespace], Work]
"""Loads what takes time, once in each process; at the top of a module, so that other processes find it."""
Advance: TypeAlias = Callable[[Job, float], None]

EXISTS = "{} exists (--force overwrites it, --skip-existing passes it over)"


def in_turn(
    jobs: Sequence[Job], prepare: Prepare, args: argparse.Namespace, advance: Advance
) -> Iterator[tuple[Job, Facts]]:
    """All jobs in this process, which loads nothing where there is no job."""
    if jobs:
        work = ready(prepare, args)
        for job in jobs:
            yield job, do(job, work, args.force, partial(advance, job))


def at_once(
    jobs: Sequence[Job], prepare: Prepare, args: argparse.Namespace, advance: Advance
) -> Iterator[tuple[Job, Facts]]:
    """All jobs in `args.jobs` processes, as they get done; the cores are shared out among them."""
    from intaglio import processes  # 10 ms of imports that one file has no use for

    count = min(args.jobs, len(jobs))
    args = argparse.Namespace(**vars(args) | {"threads": args.threads or processes.share_of_cores(count)})
    for job, facts in processes.at_once(jobs, partial(doer, prepare, args), count, advance):
        yield job, facts if isinstance(facts, dict) else facts_of(job) | {"error": facts.reason, "warnings": []}


def doer(prepare: Prepare, args: argparse.Namespace) -> Callable[[Job, Show], Facts]:
    """What another process does with each job."""
    work = ready(prepare, args)
    return lambda job, advance: do(job, work, args.force, advance)


def ready(prepare: Prepare, args: argparse.Namespace) -> Work:
    """What does the jobs of a process, with the threads that it may have."""
    if args.threads:
        from intaglio.networks.thread_count import limit

        limit(args.threads)
    return prepare(args)


def do(job: Job, work: Work, force: bool, advance: Show) -> Facts:
    """A job done and its result written; facts have an "error" where that was not possible."""
    start = time.perf_counter()
    facts: Facts = facts_of(job)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)  # for each file, not for the first alone
        try:
            with interruptible():
                data, details = work(job, advance)
            write(job.target, data, replace=force)
        except FileExistsError:
            facts["error"] = EXISTS.format(job.target)
        except Exception as error:  # whatever one file does, the others are done
            facts["error"] = sentence(error)
        else:
            facts |= details | {"seconds": round(time.perf_counter() - start, 3)}
    return facts | {"warnings": [str(one.message) for one in caught if issubclass(one.category, UserWarning)]}


def facts_of(job: Job) -> Facts:
    """What is known of a job before it is done."""
    return {"input": str(job), "output": str(job.target or "standard output")}
