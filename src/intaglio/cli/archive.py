"""`intaglio archive` and `intaglio restore`: whole folders, buckets and tars, with a manifest that says what is done."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from intaglio.cli import arguments
from intaglio.cli.arguments import between
from intaglio.cli.terminal import complain, say
from intaglio.codecs import CODECS
from intaglio.endings import WRITES
from intaglio.errors import OptionError
from intaglio.format.fields import MAX_SIDE
from intaglio.options import FOCUS, CompressOptions, DecompressOptions

if TYPE_CHECKING:
    from intaglio.archive.manifest import Row
    from intaglio.archive.runs import Show, Summary
    from intaglio.archive.tasks import Worker

SAMPLE = 20  # files that --dry-run tries and --verify looks at


def add(commands: Any) -> None:
    parser = arguments.command(
        commands, "archive", archive, "Compress a folder, bucket or tar of any size, and go on where it was stopped.",
        "SRC DST [options]",
    )  # fmt: skip
    _places(parser)
    parser.add_argument("--codec", choices=[*CODECS, "auto"], default="auto", help="as of `intaglio compress`")
    rate = parser.add_mutually_exclusive_group()
    rate.add_argument("-q", "--quality", type=between(float, 1, 100), default=50, help="1 to 100, default 50")
    rate.add_argument("-b", "--bytes", type=between(int, 1), metavar="N", help="each picture in at most N bytes")
    parser.add_argument("--effort", type=int, choices=range(10), default=0, metavar="0..9", help="of compression")
    parser.add_argument("--focus", choices=FOCUS, default="auto", help="as of `intaglio compress`")
    parser.add_argument("--max-side", type=between(int, 1, MAX_SIDE), metavar="N", help="shrink larger pictures to it")
    other = parser.add_mutually_exclusive_group()
    other.add_argument("--dry-run", action="store_true", help=f"try {SAMPLE} pictures, and say what all would take")
    other.add_argument("--verify", action="store_true", help=f"draw {SAMPLE} files again, and say what is wrong")
    parser.epilog = (
        "Places are folders, tars, or URLs that fsspec knows (s3://, gs://, memory://). See docs/guides/archives.md."
    )
    parser = arguments.command(
        commands, "restore", restore, "Draw every .itg file of a folder or bucket, and go on where it was stopped.",
        "SRC DST [options]",
    )  # fmt: skip
    _places(parser)
    parser.add_argument("--ending", choices=WRITES, default=".png", help="of the pictures, default .png")
    parser.add_argument("--steps", type=int, choices=[1, 2, 4], default=4, help="of the diffusion, default 4")


def _places(parser: Any) -> None:
    parser.add_argument("source", metavar="SRC", help="where files are: a folder, a tar, or a URL")
    parser.add_argument("target", metavar="DST", help="where they go: a folder or a URL")
    parser.add_argument("--jobs", type=between(int, 1), default=1, metavar="N", help="processes or actors, default 1")
    parser.add_argument(
        "--engine", choices=["pool", "ray"], default="pool", help="this machine (pool), or a Ray cluster"
    )
    parser.add_argument("--address", help="of the Ray cluster, default: RAY_ADDRESS, or one on this machine")
    parser.add_argument("--gpus", type=between(float, 0, 8), default=0.0, metavar="SHARE", help="of each Ray actor")
    parser.add_argument("--device", choices=["cpu", "cuda"], help="where networks run, by default the best there is")
    parser.add_argument("--quiet", action="store_true", help="say what failed, and nothing else")


def archive(args: argparse.Namespace) -> int:
    from intaglio.archive import Compression
    from intaglio.archive import archive as run
    from intaglio.archive.places import Place
    from intaglio.archive.tasks import Worker

    if args.focus == "face" and args.codec == "cgdm":
        raise OptionError("cgdm has no focus: leave --codec out, or take fasdiff")
    options = CompressOptions(args.quality, args.bytes, args.effort, args.focus, max_side=args.max_side)
    task = Compression(options, "fasdiff" if args.focus == "face" else args.codec, args.device)
    worker = Worker(Place(args.source), Place(args.target), task)
    if args.dry_run:
        return _estimate(worker)
    if args.verify:
        return _verify(worker)
    with _progress(worker, args) as show:
        summary = run(args.source, args.target, task, **_engine(args), show=show)
    return _report(summary, args)


def restore(args: argparse.Namespace) -> int:
    from intaglio.archive import Restoration
    from intaglio.archive import restore as run
    from intaglio.archive.places import Place
    from intaglio.archive.tasks import Worker

    task = Restoration(args.ending, DecompressOptions(steps=args.steps), args.device)
    with _progress(Worker(Place(args.source), Place(args.target), task), args) as show:
        summary = run(args.source, args.target, task, **_engine(args), show=show)
    return _report(summary, args)


def _engine(args: argparse.Namespace) -> dict[str, Any]:
    return {"workers": args.jobs, "engine": args.engine, "address": args.address, "gpus": args.gpus}


@contextmanager
def _progress(worker: Worker, args: argparse.Namespace) -> Iterator[Show]:
    """Says what fails, and shows a bar; how many files there are is counted beside the work."""

    def tell(row: Row, summary: Summary) -> None:
        if row.error:
            complain(row.error if row.name in row.error else f"{row.name}: {row.error}")

    if args.quiet or not sys.stderr.isatty():
        yield tell
        return
    from threading import Thread

    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"), TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task, start = bar.add_task("", total=None, rate=""), time.monotonic()

        def count() -> None:
            with suppress(Exception):  # the work itself lists the same place, and says what is wrong
                bar.update(task, total=sum(1 for _ in worker.source.items(worker.task.reads)))

        def show(row: Row, summary: Summary) -> None:
            tell(row, summary)
            tried = summary.done + summary.failed
            rate = f"{tried / (time.monotonic() - start):.1f}/s"
            bar.update(task, completed=tried + summary.passed, rate=rate)

        Thread(target=count, daemon=True).start()
        yield show


def _report(summary: Summary, args: argparse.Namespace) -> int:
    if not args.quiet:
        say(
            f"{summary.done} done, {summary.passed} done before, {summary.failed} failed; "
            f"{summary.read:,} bytes became {summary.written:,}"
        )
    return 2 if summary.failed else 0


def _estimate(worker: Worker) -> int:
    from intaglio.archive.checks import estimate
    from intaglio.archive.places import Place

    with tempfile.TemporaryDirectory() as scratch:
        e = estimate(worker, SAMPLE, Place(scratch))
    low, high = (seconds / 3600 for seconds in e.seconds)
    say(f"{e.items} pictures to do, {e.read:,} bytes; of {e.sample} tried, to 95 %:")
    say(f"bytes {e.written[0]:,.0f} to {e.written[1]:,.0f}")
    say(f"hours {low:,.2f} to {high:,.2f} of one process with {os.cpu_count()} cores")
    return 0


def _verify(worker: Worker) -> int:
    from intaglio.archive.checks import verify

    looked = faults = 0
    for check in verify(worker.source, worker.target, SAMPLE):
        looked, faults = looked + 1, faults + bool(check.fault)
        if check.fault:
            complain(f"{check.row.output}: {check.fault}")
        elif check.psnr is not None:
            say(f"{check.row.output}: {check.row.bytes} bytes, {check.psnr:.1f} dB")
    say(f"{looked} files drawn again, {faults} faults")
    return 2 if faults else 0
