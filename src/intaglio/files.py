"""Names to jobs, and files to bytes: what a command reads and where it writes (`atomic` does that).

    IN          OUT: none           a file a.itg     a folder out/         -
    a.png       a.itg beside it     a.itg            out/a.itg             standard output
    photos/     each beside its own refused          out/, tree kept       refused
    -           standard output     a.itg            refused               standard output

a.jpg and a.png are both a.itg, unless endings are kept: then they are a.jpg.itg and a.png.itg.
With two names or more the last is OUT, unless OUT is given by itself. It is a file if it has the ending that the
command writes, otherwise a folder, made where missing; a new folder whose name has another ending must end in a slash,
so that a forgotten OUT never turns a picture's name into a folder's. Names may be addresses (`places`): s3://bucket/photos.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from intaglio.errors import FormatError, IntaglioError
from intaglio.places import Place, is_local, is_name, place, walk

STREAM = "-"
EMPTY = "a name is empty: is a variable of the shell not set?"
FileSource = bytes | bytearray | memoryview | str | os.PathLike[str] | BinaryIO
"""The bytes of a file, or where they are: a path or an open binary file."""


class NamesError(IntaglioError):
    """Names given to a command that make no sense together."""


@dataclass(frozen=True)
class Job:
    """One file to read and one to write; None is standard input or output."""

    source: Place | None
    target: Place | None

    def __str__(self) -> str:
        return str(self.source or "standard input")


def plan(
    names: Sequence[str],
    out: str | None,
    *,
    reads: Collection[str],
    writes: str,
    takes: Collection[str] = (),
    keep_ending: bool = False,
) -> list[Job]:
    """All jobs of one command, in a fixed order.

    Args:
        names: files, folders (searched recursively for `reads`) or "-"; at least one.
        out: OUT given by itself, or None to take the last of two names or more.
        reads: endings, lower case with the dot, of the files that a folder is searched for.
        writes: the ending of what is written, ".itg" or ".png" for instance.
        takes: other endings that a file given as OUT may have.
        keep_ending: it is put behind the ending of what is read, not in its place.

    Raises:
        NamesError: an OUT that does not fit, or a folder without a file to read.
    """
    last = out is None and len(names) > 1
    if last:
        *names, out = names
    if out == "":
        raise NamesError(EMPTY)
    lone = len(names) == 1 and not place(names[0]).is_dir()

    def target(source: Place) -> Place:
        return source.with_name(source.name + writes) if keep_ending else source.with_suffix(writes)

    if out is None:
        return [Job(source, source and target(source)) for source, _ in sources(names, reads)]
    if out == STREAM:
        if not lone:
            raise NamesError("standard output takes one file: give a folder as OUT")
        return [Job(source, None) for source, _ in sources(names, reads)]
    folder = place(out)
    if folder.suffix.lower() in (writes, *takes) and not folder.is_dir():
        if not lone:
            raise NamesError(f"{out} is one file: give a folder as OUT for several")
        return [Job(source, folder) for source, _ in sources(names, reads)]
    if folder.exists() and not folder.is_dir():
        named = ", the last of several names," if last else ""
        raise NamesError(
            f"{out}{named} cannot be OUT: it is neither a {writes} file nor a folder (-o OUT says where results go)"
        )
    if folder.suffix and not folder.exists() and not out.endswith(("/", os.sep)):
        raise NamesError(f"{out} cannot be OUT: it is no {writes} file and no folder yet (a new folder: {out}/)")
    return [Job(source, folder / target(_inside(inner))) for source, inner in sources(names, reads)]


def sources(names: Iterable[str], reads: Collection[str]) -> Iterator[tuple[Place | None, Path | None]]:
    """Every file to read, with its place in the folder that was named."""
    for name in names:
        if not name:
            raise NamesError(EMPTY)
        path = place(name) if name != STREAM else Path()
        if name == STREAM:
            yield None, None
        elif path.is_dir():
            files = sorted(_search(path, reads))
            if not files:
                raise NamesError(f"{name} has no file ending in {', '.join(sorted(reads))}")
            yield from ((file, Path(str(file.relative_to(path)))) for file in files)
        else:
            yield path, Path(path.name)


def _search(path: Place, reads: Collection[str]) -> Iterator[Place]:
    """All files below a folder whose endings are read; hidden ones are passed over, what else is left out is a warning."""
    strange: Counter[str] = Counter()

    def unreadable(error: OSError) -> None:
        warnings.warn(f"{error.filename} is left out: {error.strerror}", stacklevel=2)

    for folder, folders, names in walk(path, unreadable):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for linked in (folder / name for name in folders if is_local(folder) and (folder / name).is_symlink()):
            warnings.warn(f"{linked} is left out: it is a link to a folder, name it to search it", stacklevel=2)
        for file in (folder / name for name in names if not name.startswith(".")):
            if file.suffix.lower() in reads:
                yield file
            else:
                strange[file.suffix.lower() or "no ending"] += 1
    if strange:
        kinds = ", ".join(f"{count} {ending}" for ending, count in sorted(strange.items()))
        warnings.warn(f"in {path} files are left out, for their endings are not read: {kinds}", stacklevel=2)


def _inside(inner: Path | None) -> Path:
    if inner is None:
        raise NamesError("standard input has no name: give a file or - as OUT")
    return inner


def read_bytes(source: FileSource, most: int) -> bytes:
    """The bytes that are given, or at most the first so many of the file at a path or of an open one.

    Raises:
        FormatError: it is none of these, or the file cannot be read.
    """
    if isinstance(source, (bytes, bytearray, memoryview)):
        return bytes(source)
    if is_name(source):
        try:
            return read(place(source), most)
        except OSError as error:
            raise FormatError(f"{source} cannot be read: {error.strerror}") from error
    data = source.read(most) if hasattr(source, "read") else None
    if not isinstance(data, bytes):
        raise FormatError(f"an .itg file is bytes, a path or an open binary file, not a {type(source).__name__}")
    return data


def read(source: Place | None, most: int) -> bytes:
    """A file, or standard input to its end; at most the first so many bytes."""
    if source is None:
        return sys.stdin.buffer.read(most)
    with source.open("rb") as file:
        return file.read(most)
