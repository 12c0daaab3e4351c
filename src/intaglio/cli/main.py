"""The command `intaglio`: names in, jobs done one by one, what failed said at the end.

Exit codes: 0 all went well, 2 something could not be done (one sentence on standard error), 130 interrupted.
Nothing but the standard library is imported before a command knows what it has to do.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from intaglio import __version__
from intaglio.codecs import CODECS
from intaglio.errors import IntaglioError
from intaglio.files import Job, plan, read, write
from intaglio.format import MAX_PIXELS

if TYPE_CHECKING:
    from PIL.Image import Image

Facts: TypeAlias = dict[str, Any]
Show: TypeAlias = Callable[[float], None]
Work: TypeAlias = Callable[[Job, Show], tuple[bytes, Facts]]  # is told what to call with each share of a job done


def compress(args: argparse.Namespace) -> int:
    from intaglio.image import SUFFIXES, open_picture

    jobs = plan(args.names, args.out, reads=SUFFIXES, writes=".itg")
    from intaglio.codec import Codec
    from intaglio.format.header import SCALES
    from intaglio.info import inspect

    if args.focus and (args.codec == "cgdm" or args.effort):
        complain("--focus is of fasdiff alone, and without --effort, which would undo it")
        return 2
    codec = Codec("fasdiff" if args.focus else args.codec)

    def work(job: Job, advance: Show) -> tuple[bytes, Facts]:
        image = open_picture(job.source or io.BytesIO(read(None)))
        data = codec.compress(
            image,
            quality=args.quality,
            max_bytes=args.bytes,
            effort=args.effort,
            focus=args.focus,
            bare=args.bare,
            progress=advance,
        )
        header = inspect(data, bare=args.bare)
        bits = 8 * len(data) / (header.width * header.height)
        return data, {
            "codec": header.codec,
            "bytes": len(data),
            "bits_per_pixel": round(bits, 4),
            "scale": SCALES[header.scale],
            "quality": header.quality,
        }

    return run(jobs, work, args)


def decompress(args: argparse.Namespace) -> int:
    jobs = plan(args.names, args.out, reads={".itg"}, writes=".png")
    from intaglio.codec import Codec
    from intaglio.image import write_png
    from intaglio.info import codec_of

    codecs: dict[str, Codec] = {}

    def work(job: Job, _: Show) -> tuple[bytes, Facts]:
        data = read(job.source)
        name = codec_of(data, bare=args.bare)
        if name not in codecs:
            codecs[name] = Codec(name, decoder=args.decoder)
        image: Image = codecs[name].decompress(
            data,
            steps=args.steps,
            realism=args.realism,
            seed=args.seed,
            bare=args.bare,
            length=args.length,
            max_pixels=args.max_pixels,
            box=args.box,
        )
        png = io.BytesIO()
        write_png(image, png)
        return png.getvalue(), {"width": image.width, "height": image.height}

    return run(jobs, work, args)


def info(args: argparse.Namespace) -> int:
    from intaglio.info import inspect

    facts = inspect(read(None if args.file == "-" else Path(args.file)), bare=args.bare).as_dict()
    if args.json:
        print(json.dumps(facts))
        return 0
    for key, value in facts.items():
        if isinstance(value, dict):
            print(key, *(f"  {name:16}{part:10.1f} bytes" for name, part in value.items()), sep="\n")
        else:
            print(f"{key:18}{value}")
    return 0


def demo(args: argparse.Namespace) -> int:
    from intaglio.cli.demo import demo

    print(demo(args.image, Path("demo-out")))
    return 0


def run(jobs: Sequence[Job], work: Work, args: argparse.Namespace) -> int:
    """Does all jobs that can be done, reports each on standard output (on standard error if data goes there)."""
    report = sys.stderr if any(job.target is None for job in jobs) else sys.stdout
    failures: list[str] = []
    written: set[Path] = set()
    with progress(len(jobs)) as show:
        for number, job in enumerate(jobs):
            start = time.perf_counter()
            facts: Facts = {"input": str(job), "output": str(job.target or "standard output")}
            try:
                if job.target in written:
                    raise FileExistsError(f"{job.target} was just written from another file of the same name")
                if job.target and job.target.exists() and not args.force:
                    raise FileExistsError(f"{job.target} exists (--force overwrites it)")
                data, found = work(job, counting(show, number))
                write(job.target, data)
            except (IntaglioError, OSError) as error:
                reason = sentence(error)
                failures.append(reason if str(job) in reason else f"{job}: {reason}")
                facts["error"] = reason
            else:
                facts |= found | {"seconds": round(time.perf_counter() - start, 3)}
                if job.target:
                    written.add(job.target)
            if args.json:
                print(json.dumps(facts), file=report)
            elif "error" not in facts:
                said = ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in found.items())
                print(f"{facts['output']}: {said}, seconds {facts['seconds']}", file=report)
            show(number + 1)
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
    """An error in one line: for the system's own, the file and the reason without the number."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return str(error)


def complain(message: object) -> None:
    print(f"intaglio: {message}", file=sys.stderr)


def between(kind: type[int] | type[float], low: float, high: float = float("inf")) -> Callable[[str], float]:
    """A parser for numbers of a range, its ends included."""

    def parse(text: str) -> float:
        try:
            number = kind(text)
        except ValueError:
            number = float("nan")
        if not low <= number <= high:
            limits = f"{low} to {high}" if high < float("inf") else f"{low} or more"
            raise argparse.ArgumentTypeError(f"{text} is not a{' whole' if kind is int else ''} number, {limits}")
        return number

    return parse


def box(text: str) -> tuple[int, int, int, int]:
    """Four whole numbers with commas between."""
    try:
        left, top, right, bottom = map(int, text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} is not four whole numbers: left,top,right,bottom") from None
    return left, top, right, bottom


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="intaglio", description="A picture in very few bytes, and a picture again.")
    top.add_argument("--version", action="version", version=f"intaglio {__version__}")
    commands = top.add_subparsers(metavar="COMMAND", required=True)

    def command(name: str, does: Callable[[argparse.Namespace], int], about: str, usage: str) -> Any:
        made = commands.add_parser(name, help=about, description=about, usage=f"intaglio {name} {usage}")
        made.set_defaults(does=does)
        return made

    def names(made: Any, ending: str) -> None:
        made.add_argument("names", nargs="+", metavar="IN", help="files, folders (searched recursively), or -")
        made.add_argument(
            "-o",
            "--out",
            metavar="OUT",
            help=f"a {ending} file, a folder, or -; also the last of two names or more; default: beside each file",
        )
        made.add_argument("--force", action="store_true", help="overwrite files")
        made.add_argument("--json", action="store_true", help="report in JSON, one object a line")

    bare = {"action": "store_true", "help": "without the magic: for barcodes and fixed slots"}

    c = command("compress", compress, "Compress pictures into .itg files.", "IN... [OUT] [options]")
    names(c, ".itg")
    c.add_argument(
        "--codec",
        choices=[*CODECS, "auto"],
        default="auto",
        help="fasdiff: portraits, cgdm: any picture, auto: what suits the picture (default)",
    )
    rate = c.add_mutually_exclusive_group()
    rate.add_argument("--quality", type=between(float, 1, 100), default=50, help="1 to 100, default 50")
    rate.add_argument("--bytes", type=between(int, 1), metavar="N", help="the best picture in at most N bytes")
    c.add_argument(
        "--effort", type=int, choices=range(10), default=0, metavar="0..9", help="time spent for PSNR in the same bytes"
    )
    c.add_argument("--focus", choices=["face"], help="more of the bytes where a face is (fasdiff)")
    c.add_argument("--bare", **bare)

    d = command("decompress", decompress, "Draw .itg files as PNG.", "IN... [OUT] [options]")
    names(d, ".png")
    d.add_argument("--steps", type=int, choices=[1, 2, 4], default=4, help="of the diffusion, default 4")
    d.add_argument("--realism", type=between(float, 0, 1), default=1.0, help="0 plain and true, 1 detailed (default)")
    d.add_argument("--seed", type=between(int, 0), default=0, help="another seed, other details")
    d.add_argument("--decoder", choices=["lean", "reference"], default="lean", help="fast (default) or as trained")
    d.add_argument("--bare", **bare)
    d.add_argument("--length", type=between(int, 1), metavar="N", help="the file is the first N bytes of a padded slot")

    d.add_argument(
        "--box", type=box, metavar="L,T,R,B", help="left, top, right, bottom: this part of the picture alone"
    )
    d.add_argument("--max-pixels", type=between(int, 1), default=MAX_PIXELS, metavar="N", help="size that is accepted")

    i = command("info", info, "Print a file's header and the bytes of every section.", "FILE [--json] [--bare]")
    i.add_argument("file", metavar="FILE", help="an .itg file or -")
    i.add_argument("--json", action="store_true", help="one JSON object")
    i.add_argument("--bare", **bare)

    m = command("demo", demo, "Compress a portrait to at most 400 bytes, draw it again, into demo-out/.", "[IMAGE]")
    m.add_argument("image", nargs="?", metavar="IMAGE", help="default: the bundled portrait")

    commands.add_parser("train", add_help=False, help="Train a codec: intaglio train CONFIG --data DIR (train --help)")
    commands.add_parser(
        "bench", add_help=False, help="Measure codecs side by side: intaglio bench DIR --out OUT (bench --help)"
    )
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code; wrong options end the process with 2, as argparse does."""
    argv = sys.argv[1:] if argv is None else list(argv)
    with warnings.catch_warnings():
        warnings.showwarning = lambda message, *_, **__: complain(message)
        try:
            if argv[:1] == ["train"]:
                from intaglio.cli.train import main as train

                return train(argv[1:])
            if argv[:1] == ["bench"]:
                from intaglio.cli.bench import main as bench

                return bench(argv[1:])
            args = parser().parse_args(argv)
            return args.does(args)
        except (IntaglioError, OSError) as error:
            complain(sentence(error))
            return 2
        except KeyboardInterrupt:
            complain("interrupted")
            return 130
