"""All jobs of a command: what can be refused at once is, the others are done and reported one by one, what failed at the end."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence

from intaglio.atomic import tidy
from intaglio.cli.jobs import EXISTS, Facts, Prepare, at_once, facts_of, in_turn
from intaglio.cli.terminal import complain, progress, say
from intaglio.files import Job
from intaglio.places import Place, exists, is_local


def run(jobs: Sequence[Job], prepare: Prepare, args: argparse.Namespace) -> int:
    """Does all jobs that can be done, reports each on standard output (on standard error if data goes there).

    Interrupted, it says what failed until then. Returns the exit code.
    """
    todo, refused, skipped = _sorted(jobs, args)
    failures, shares = list[str](), dict[Job, float]()
    done = len(jobs) - len(todo)
    with progress(len(jobs), not args.quiet) as show:
        stream = sys.stderr if any(job.target is None for job in jobs) else sys.stdout  # as the bar has them now

        def advance(job: Job, share: float) -> None:
            shares[job] = shares.get(job, 0.0) + share
            show(done + sum(shares.values()))

        def report(job: Job, facts: Facts) -> None:
            for warning in facts["warnings"]:
                complain(f"{job}: {warning}")
            if error := facts.get("error"):
                failures.append(error if str(job) in error else f"{job}: {error}")
            if args.json:
                say(json.dumps(facts), stream)
            elif not error and not args.quiet:
                extra = facts.keys() - {"input", "output", "warnings"}
                details = ", ".join(f"{key.replace('_', ' ')} {facts[key]}" for key in facts if key in extra)
                say(f"{facts['output']}: {details}", stream)

        tidy(job.target for job in jobs if job.target)
        try:
            for job, reason in refused:
                report(job, facts_of(job) | {"error": reason, "warnings": []})
            do_all = at_once if args.jobs > 1 and len(todo) > 1 else in_turn
            for job, facts in do_all(todo, prepare, args, advance):
                report(job, facts)
                shares.pop(job, None)
                done += 1
                show(done + sum(shares.values()))
        except KeyboardInterrupt:
            complain(f"stopped after {done} of {len(jobs)} files")
            raise
        finally:
            for failure in failures:
                complain(failure)
    if skipped and not args.quiet:
        complain(f"{skipped} of {len(jobs)} files exist already and are passed over")
    if failures and len(jobs) > 1:
        complain(f"{len(failures)} of {len(jobs)} files failed")
    return 2 if failures else 0


def _sorted(jobs: Sequence[Job], args: argparse.Namespace) -> tuple[list[Job], list[tuple[Job, str]], int]:
    """Jobs to do, those that are refused with the reason, and how many are passed over: all before anything is loaded."""
    todo, refused, skipped = list[Job](), list[tuple[Job, str]](), 0
    first: dict[str, Job] = {}
    for job in jobs:
        if job.target is None:
            todo.append(job)
            continue
        same = first.setdefault(_name(job.target), job)
        if same is not job:
            tell = (
                "--keep-ending tells them apart"
                if getattr(args, "keep_ending", None) is False
                else "give them different OUTs"
            )
            refused.append((job, f"{job.target} is what {same} becomes too: {tell}"))
        elif job.source and _name(job.source) == _name(job.target):
            refused.append((job, f"{job.target} would become itself: name an OUT"))
        elif args.force or not exists(job.target):
            todo.append(job)
        elif args.skip_existing:
            skipped += 1
        else:
            refused.append((job, EXISTS.format(job.target)))
    return todo, refused, skipped


def _name(path: Place) -> str:
    return os.path.normcase(os.path.abspath(path)) if is_local(path) else str(path)
