"""The command `intaglio`: one small file a command, put together here.

Exit codes: 0 all went well, 2 something could not be done (one sentence on standard error), 130 interrupted, 143 told to end;
`read` has 3 to 10 besides (`barcode.failures`).
Nothing but the standard library is imported before a command knows what it has to do.
"""

from __future__ import annotations

import argparse
import io
import os
import signal
import sys
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Never

from intaglio import __version__
from intaglio.cli import archive, barcode, compress, decompress, demo, frame, inspect, keys, read, serve
from intaglio.cli.terminal import complain, foreseen, hush, interruptible
from intaglio.errors import sentence
from intaglio.files import STREAM

VERSION = f"intaglio {__version__}; code Apache-2.0, weights for research only"


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="intaglio", description="A picture in very few bytes, and a picture again.")
    top.add_argument("--version", action="version", version=VERSION)
    commands = top.add_subparsers(metavar="COMMAND", required=True)
    for command in (compress, decompress, inspect, archive, frame, barcode, read, keys, serve, demo):
        command.add(commands)
    commands.add_parser("train", add_help=False, help="Train a codec: intaglio train CONFIG --data DIR (train --help)")
    commands.add_parser("bench", add_help=False, help="Measure codecs side by side (bench --help)")
    return top


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """What the line says; names may stand behind options too, which argparse alone does not take from sub-commands."""
    args, rest = parser().parse_known_args(argv)
    if rest and not (hasattr(args, "names") and all(name == STREAM or not name.startswith("-") for name in rest)):
        parser().error(f"unrecognized arguments: {' '.join(rest)}")
    if rest:
        args.names += rest
    return args


class Terminated(KeyboardInterrupt):
    """SIGTERM: as Ctrl-C, with another exit code."""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code; wrong options end the process with 2, as argparse does."""
    argv = sys.argv[1:] if argv is None else list(argv)
    _open_streams()
    with warnings.catch_warnings(), _terminable():
        warnings.showwarning = lambda message, *_, **__: complain(message)
        try:
            with interruptible():
                return _run(argv)
        except BrokenPipeError:  # who reads has read enough; nothing more can be said, at exit neither
            hush(sys.stdout)
            return 0
        except Exception as error:
            if not foreseen(error):
                raise
            complain(sentence(error))
            return 2
        except Terminated:
            complain("told to end")
            return 143
        except KeyboardInterrupt:
            complain("interrupted")
            return 130


def _run(argv: list[str]) -> int:
    if argv[:1] == ["train"]:
        from intaglio.cli.train import main as train

        return train(argv[1:])
    if argv[:1] == ["bench"]:
        from intaglio.cli.bench import main as bench

        return bench(argv[1:])
    args = parse(argv)
    code: int = args.does(args)
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        hush(sys.stdout)
    return code


def _open_streams() -> None:
    """What was closed before we began leads nowhere, not into the next file that is opened; nothing that is said fails."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115 (for as long as the process runs)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # what the terminal's encoding lacks


@contextmanager
def _terminable() -> Iterator[None]:
    """Inside, SIGTERM is an exception, so that what is half done is undone."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def terminate(*_: object) -> Never:
        raise Terminated

    before = signal.signal(signal.SIGTERM, terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
