"""Names to jobs, and files to bytes: what a command reads and where it writes (`atomic` does that).

    IN          OUT: none           a file a.itg     a folder out/         -
    a.png       a.itg beside it     a.itg            out/a.itg             standard output
    photos/     each beside its own refused          out/, tree kept       refused
    -           standard output     a.itg            refused               standard output

a.jpg and a.png are both a.itg, unless endings are kept: then they are a.jpg.itg and a.png.itg.
A name with "://" is a place that fsspec knows, s3://bucket/a.png for instance; it stands for a path everywhere below.
With two names or more the last is OUT, unless OUT is given by itself. It is a file if it has the ending that the
command writes, otherwise a folder, made where missing; a new folder whose name has another ending must end in a slash,
so that a forgotten OUT never turns a picture's name into a folder's.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO, cast

from intaglio.errors import FormatError, IntaglioError

STREAM = "-"
EMPTY = "a name is empty: is a variable of the shell not set?"
FileSource = bytes | bytearray | memoryview | str | os.PathLike[str] | BinaryIO
"""The bytes of a file, or where they are: a path or an open binary file."""


class NamesError(IntaglioError):
    """Names given to a command that make no sense together."""


@dataclass(frozen=True)
class Job:
    """One file to read and one to write; None is standard input or output."""

    source: Path | None
    target: Path | None

    def __str__(self) -> str:
        return str(self.source or "standard input")


def place_of(name: str) -> Path:
    """A path by its name, or what stands for one where fsspec has to open it.

    Raises:
        NamesError: a package is missing for it, or nobody knows such places.
    """
    if "://" not in name:
        return Path(name)
    try:
        from upath import UPath

        path = UPath(name)
        _ = path.fs
    except (ImportError, ValueError) as error:
        raise NamesError(
            f"{name} cannot be opened ({error}): `pip install 'intaglio[cloud]'` brings buckets"
        ) from error
    return cast(Path, path)


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
    lone = len(names) == 1 and not place_of(names[0]).is_dir()

    def target(place: Path) -> Path:
        return place.with_name(place.name + writes) if keep_ending else place.with_suffix(writes)

    if out is None:
        return [Job(source, source and target(source)) for source, _ in sources(names, reads)]
    if out == STREAM:
        if not lone:
            raise NamesError("standard output takes one file: give a folder as OUT")
        return [Job(source, None) for source, _ in sources(names, reads)]
    folder = place_of(out)
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
    return [Job(source, folder / target(_inside(place)).as_posix()) for source, place in sources(names, reads)]


def sources(names: Iterable[str], reads: Collection[str]) -> Iterator[tuple[Path | None, Path | None]]:
    """Every file to read, with its place in the folder that was named."""
    for name in names:
        path = place_of(name)
        if not name:
            raise NamesError(EMPTY)
        if name == STREAM:
            yield None, None
        elif path.is_dir():
            files = sorted(_search(path, reads) if isinstance(path, Path) else _search_far(path, reads))
            if not files:
                raise NamesError(f"{name} has no file ending in {', '.join(sorted(reads))}")
            root = PurePosixPath(path.as_posix())
            yield from ((file, Path(PurePosixPath(file.as_posix()).relative_to(root))) for file in files)
        else:
            yield path, Path(path.name)


def _search(path: Path, reads: Collection[str]) -> Iterator[Path]:
    """All files below a folder whose endings are read; hidden ones are passed over, what else is left out is a warning."""
    strange: Counter[str] = Counter()

    def unreadable(error: OSError) -> None:
        warnings.warn(f"{error.filename} is left out: {error.strerror}", stacklevel=2)

    for place, folders, names in os.walk(path, onerror=unreadable):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for linked in (Path(place, name) for name in folders if Path(place, name).is_symlink()):
            warnings.warn(f"{linked} is left out: it is a link to a folder, name it to search it", stacklevel=2)
        for file in (Path(place, name) for name in names if not name.startswith(".")):
            if file.suffix.lower() in reads:
                yield file
            else:
                strange[file.suffix.lower() or "no ending"] += 1
    if strange:
        kinds = ", ".join(f"{count} {ending}" for ending, count in sorted(strange.items()))
        warnings.warn(f"in {path} files are left out, for their endings are not read: {kinds}", stacklevel=2)


def _search_far(path: Path, reads: Collection[str]) -> Iterator[Path]:
    """The same in a bucket."""
    return (file for file in path.rglob("*") if file.suffix.lower() in reads and not file.name.startswith("."))


def _inside(place: Path | None) -> Path:
    if place is None:
        raise NamesError("standard input has no name: give a file or - as OUT")
    return place


def read_bytes(source: FileSource, most: int) -> bytes:
    """The bytes that are given, or at most the first so many of the file at a path or of an open one.

    Raises:
        FormatError: it is none of these, or the file cannot be read.
    """
    if isinstance(source, (bytes, bytearray, memoryview)):
        return bytes(source)
    if isinstance(source, (str, os.PathLike)):
        try:
            return read(Path(source), most)
        except OSError as error:
            raise FormatError(f"{source} cannot be read: {error.strerror}") from error
    data = source.read(most) if hasattr(source, "read") else None
    if not isinstance(data, bytes):
        raise FormatError(f"an .itg file is bytes, a path or an open binary file, not a {type(source).__name__}")
    return data


def read(source: Path | None, most: int) -> bytes:
    """A file, or standard input to its end; at most the first so many bytes."""
    if source is None:
        return sys.stdin.buffer.read(most)
    with source.open("rb") as file:
        return file.read(most)
