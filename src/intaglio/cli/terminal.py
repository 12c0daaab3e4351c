"""What the command says: lines that any terminal can show, sentences for errors, and a bar."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO, TypeAlias

from intaglio.errors import IntaglioError, short_of_memory

Show: TypeAlias = Callable[[float], None]


def say(message: object, stream: TextIO | None = None) -> None:
    """One line, on standard output if not told otherwise; where nobody reads on, nothing, and the work goes on."""
    stream = stream or sys.stdout
    try:
        print(shown(message), file=stream, flush=True)
    except BrokenPipeError:
        hush(stream)


def shown(text: object) -> str:
    """Characters that do something in place of being seen are escaped: a file's name may have any."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in str(text))


def complain(message: object) -> None:
    """One line on standard error."""
    say(f"intaglio: {message}", sys.stderr)


def hush(stream: TextIO) -> None:
    """What is still said on a stream that nobody reads goes nowhere, at exit too."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def foreseen(error: Exception) -> bool:
    """Whether it is none of our mistakes, but the user's, the system's, or a lack of memory."""
    return isinstance(error, (IntaglioError, OSError)) or short_of_memory(error)


@contextmanager
def interruptible() -> Iterator[None]:
    """Inside, an interrupt stays one: what falls into the import of a compiled module comes out of it as an ImportError."""
    try:
        yield
    except Exception as error:
        cause: BaseException | None = error
        while cause is not None and not isinstance(cause, KeyboardInterrupt):
            cause = cause.__cause__ or cause.__context__
        if cause is not None:
            raise cause from None
        raise


@contextmanager
def progress(total: int, wanted: bool = True) -> Iterator[Show]:
    """A bar on standard error, where that is a terminal; yields what to call with the number of jobs done."""
    if not wanted or not sys.stderr.isatty():
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
