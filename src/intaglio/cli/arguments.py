"""What several commands have in common: names of files, and how numbers are read."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from intaglio.errors import OptionError
from intaglio.options import Box


def command(commands: Any, name: str, does: Callable[[argparse.Namespace], int], about: str, usage: str) -> Any:
    """A command's parser; `does` is called with what it parsed, and returns the exit code."""
    parser = commands.add_parser(name, help=about, description=about, usage=f"intaglio {name} {usage}")
    parser.set_defaults(does=does)
    return parser


def names(parser: Any, ending: str) -> None:
    """IN... [OUT], and what is said of every job."""
    parser.add_argument("names", nargs="+", metavar="IN", help="files, folders (searched recursively), or -")
    parser.add_argument(
        "-o",
        "--out",
        metavar="OUT",
        help=f"a {ending} file, a folder, or -; also the last of two names or more; default: beside each file",
    )
    existing = parser.add_mutually_exclusive_group()
    existing.add_argument("-f", "--force", action="store_true", help="overwrite files")
    existing.add_argument("--skip-existing", action="store_true", help="pass over what is done already")
    parser.add_argument("--json", action="store_true", help="report in JSON, one object a line")
    parser.add_argument(
        "--quiet", action="store_true", help="no bar, and of files nothing but warnings and what failed"
    )
    parser.add_argument(
        "--jobs",
        type=between(int, 1),
        default=1,
        metavar="N",
        help="files at once, each in a process of its own, default 1",
    )
    parser.add_argument(
        "--threads", type=between(int, 1), metavar="N", help="threads of each process, by default all cores' share"
    )
    parser.add_argument("--device", choices=["cpu", "cuda"], help="where networks run, by default the best there is")


def target(args: argparse.Namespace, endings: Collection[str]) -> Path:
    """The one file of `--out` that a command writes. Raises OptionError: of another kind, or there without `--force`."""
    path = Path(args.out)
    if path.suffix.lower() not in endings:
        raise OptionError(f"{path} cannot be written: give a name that ends in {', '.join(endings)}")
    if path.exists() and not args.force:
        raise OptionError(f"{path} is there already: --force overwrites it")
    return path


def bare(parser: Any) -> None:
    parser.add_argument("--bare", action="store_true", help="without the magic: for barcodes and fixed slots")


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


def box(text: str) -> Box:
    """Four whole numbers with commas between."""
    try:
        left, top, right, bottom = map(int, text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} is not four whole numbers: left,top,right,bottom") from None
    return left, top, right, bottom
