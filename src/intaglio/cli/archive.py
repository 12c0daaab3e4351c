"""`intaglio archive` and `intaglio restore`: every picture of a folder, a bucket or tars into .itg files, and back."""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from typing import TYPE_CHECKING, Any

from intaglio.cli import arguments, compress, decompress
from intaglio.cli.arguments import between
from intaglio.cli.terminal import complain, say
from intaglio.endings import WRITES
from intaglio.errors import IntaglioError, OptionError
from intaglio.options import DecompressOptions

if TYPE_CHECKING:
    from intaglio.archive.archiving import Report
    from intaglio.archive.picture_work import Settings

ENGINES = ("pool", "ray")
QUIET = 10.0  # seconds between two lines of progress, and a twentieth of the time that has gone by
MANY = 20  # failures that are told one by one; the list has all


def add(commands: Any) -> None:
    parser = arguments.command(
        commands, "archive", archive, "Compress all pictures of a folder, bucket or tar; again, only what is missing.",
        "SRC DST [options]",
    )  # fmt: skip
    _common(parser, "pictures, or tars of pictures")
    compress.coding(parser)
    parser.set_defaults(bare=False)
    parser.add_argument(
        "--dry-run", type=between(int, 2), nargs="?", const=30, metavar="N",
        help="do nothing but say what it would take, from a sample of N, default 30",
    )  # fmt: skip
    parser.add_argument(
        "--verify", type=between(int, 1), nargs="?", const=30, metavar="N",
        help="at the end, look at N results again (default 30): unchanged? drawn? how near?",
    )  # fmt: skip
    parser = arguments.command(
        commands, "restore", restore, "Draw all .itg files of an archive; again, only what is missing.",
        "SRC DST [options]",
    )  # fmt: skip
    _common(parser, ".itg files")
    decompress.drawing(parser)
    parser.add_argument("--format", choices=[ending[1:] for ending in WRITES], default="png", help="default png")


def _common(parser: Any, what: str) -> None:
    parser.add_argument("source", metavar="SRC", help=f"where {what} are: a folder, an address (s3://...), or a tar")
    parser.add_argument("target", metavar="DST", help="a folder or an address; the list of what is done lies there too")
    parser.add_argument("--jobs", type=between(int, 1), metavar="N", help="pictures at once, by default one a core")
    parser.add_argument("--threads", type=between(int, 1), metavar="N", help="of each process, by default its share")
    parser.add_argument("--device", choices=["cpu", "cuda"], help="where networks run, by default the best there is")
    parser.add_argument("--engine", choices=ENGINES, default="pool", help="processes here (default), or Ray's")
    parser.add_argument(
        "--address", metavar="HOST:PORT", help="of a Ray cluster that runs, or auto; else one is started"
    )
    parser.add_argument(
        "--gpus", type=between(float, 0), default=0, metavar="F", help="of each of Ray's workers; .25: four share one"
    )
    parser.add_argument("--json", action="store_true", help="the sum in JSON")
    parser.add_argument("--quiet", action="store_true", help="nothing but what failed")


def archive(args: argparse.Namespace) -> int:
    from intaglio.pipeline.coding import index_of, plenty

    settings = _settings(args, compress.options(args), "fasdiff" if args.focus == "face" else args.codec)
    if args.bytes is None and (advice := plenty(index_of(args.quality))):
        complain(advice)
    if args.dry_run:
        return _forecast(settings, args)
    code = _run(settings, args)
    return max(code, _verify(settings, args)) if args.verify else code


def restore(args: argparse.Namespace) -> int:
    return _run(_settings(args, DecompressOptions(args.steps, args.realism, args.seed), ending=f".{args.format}"), args)


def _settings(args: argparse.Namespace, options: Any, codec: str = "auto", ending: str = ".itg") -> Settings:
    try:
        from intaglio.archive.picture_work import Settings
    except ImportError:
        raise IntaglioError("an archive's list needs a package: pip install 'intaglio[archive]'") from None
    if args.engine == "pool" and (args.address or args.gpus):
        raise OptionError("--address and --gpus are Ray's: add --engine ray")
    from intaglio.processes import share_of_cores

    args.jobs = args.jobs or max(1, share_of_cores(1) // (args.threads or 1))
    return Settings(args.source, args.target, options, codec, args.device, args.threads, ending)


def _run(settings: Settings, args: argparse.Namespace) -> int:
    from intaglio.archive.archiving import run
    from intaglio.archive.interface import Workers

    start = told = time.monotonic()

    def show(report: Report, row: dict[str, Any]) -> None:
        nonlocal told
        if row.get("error") and report.failed <= MANY:
            error = row["error"]
            complain(error if row["path"] in error else f"{row['path']}: {error}")
        now = time.monotonic()
        if not args.quiet and now - told > max(QUIET, (now - start) / 20):
            complain(_line(report))
            told = now

    report = run(settings, Workers(args.jobs, args.engine, args.address, args.gpus).rows, show)
    facts = {
        "done": report.done, "failed": report.failed, "bytes": report.bytes,
        "seconds": round(time.monotonic() - start, 1), "pictures_a_second": round(report.rate, 3),
    }  # fmt: skip
    if args.json:
        say(json.dumps(facts))
    elif not args.quiet:
        say(f"{args.target}: " + ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in facts.items()))
    if report.failed:
        complain(f"{report.failed:,} of {report.done + report.failed:,} pictures failed: the list says why of each")
    return 2 if report.failed else 0


def _line(report: Report) -> str:
    of = "" if report.total is None else f" of {report.total:,}"
    left = "" if report.left is None else f", {_duration(report.left)} left"
    failed = f", {report.failed:,} failed" if report.failed else ""
    return f"{report.done + report.failed:,}{of} pictures{failed}, {report.rate:.2f} a second{left}"


def _duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    if minutes < 1:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"


def _forecast(settings: Settings, args: argparse.Namespace) -> int:
    from dataclasses import replace

    from intaglio.archive.forecast import forecast
    from intaglio.cli.terminal import progress

    settings = replace(settings, threads=args.threads or 1)
    with tempfile.TemporaryDirectory() as scratch, progress(args.dry_run, not args.quiet) as show:
        it = forecast(settings, args.dry_run, scratch, show)
    hours = [value / args.jobs for value in it.hours[:3]]
    if args.json:
        facts = {"pictures": it.pictures, "source_bytes": it.source_bytes, "sampled": it.sampled, "failed": it.failed}
        say(json.dumps(facts | {"bytes": it.bytes[:3], "core_hours": it.hours[:3], "hours": hours, "jobs": args.jobs}))
    else:
        say(
            f"{it.pictures:,} pictures of {it.source_bytes:,} bytes, from a sample of {it.sampled} ({it.failed} failed):"
        )
        say(f"  bytes of results   {it.bytes.value:,.0f} ({it.bytes.low:,.0f} to {it.bytes.high:,.0f})")
        say(f"  hours of one core  {it.hours.value:,.3f} ({it.hours.low:,.3f} to {it.hours.high:,.3f})")
        say(f"  hours with {args.jobs} jobs  {hours[0]:,.3f} ({hours[1]:,.3f} to {hours[2]:,.3f})")
    return 0


def _verify(settings: Settings, args: argparse.Namespace) -> int:
    from intaglio.archive.checks import checked

    sheets = list(checked(settings, args.verify))
    bad = [sheet for sheet in sheets if sheet["error"]]
    for sheet in bad:
        complain(f"{sheet['path']}: {sheet['error']}")
    if args.json:
        say(json.dumps({"verified": sheets}))
    elif not args.quiet:
        near = sorted(sheet["psnr"] for sheet in sheets if sheet["psnr"] is not None)
        said = f", PSNR {near[0]} to {near[-1]} dB, in the middle {near[len(near) // 2]}" if near else ""
        say(f"{len(sheets) - len(bad)} of {len(sheets)} results are as they were written and can be drawn{said}")
    return 2 if bad else 0
