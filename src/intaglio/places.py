"""Where files lie: a path on this machine, or an address such as s3://bucket/a.png that fsspec knows.

Paths stay `pathlib`'s and load nothing. An address becomes universal-pathlib's `UPath`, which has the same methods;
credentials and options are fsspec's own (environment, ~/.config/fsspec), never ours.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias, TypeGuard, cast

from intaglio.errors import IntaglioError

Place: TypeAlias = Path
"""A `Path`, or a `UPath`, of which only what `Path` has too is used. `is_local` tells them apart."""


class PlaceError(IntaglioError):
    """An address that cannot be used here."""


def place(name: str | os.PathLike[str]) -> Place:
    """The place of a name; what is a place already stays as it is.

    Raises:
        PlaceError: an address of a kind that is not known, or for which a package is missing.
    """
    if not isinstance(name, str):
        return Path(name) if hasattr(name, "__fspath__") else cast(Path, name)
    if "://" not in name:
        return Path(name)
    try:
        from upath import UPath
    except ImportError:
        raise PlaceError(f"{name} lies elsewhere, which needs a package: pip install 'intaglio[cloud]'") from None
    try:
        there = UPath(name)
        kind = there.fs.protocol
    except (ImportError, ValueError) as error:
        raise PlaceError(f"{name} cannot be reached: {error}") from error
    local = kind == "file" or "file" in kind
    return Path(there.path) if local else cast(Path, there)


def is_local(path: Place) -> bool:
    return isinstance(path, Path)


def is_name(source: object) -> TypeGuard[str | os.PathLike[str]]:
    """Whether it says where a file lies, in place of being one."""
    return isinstance(source, (str, os.PathLike)) or hasattr(source, "read_bytes")


def walk(
    folder: Place, on_error: Callable[[OSError], None] | None = None
) -> Iterator[tuple[Place, list[str], list[str]]]:
    """As `os.walk`, with places in the place of names: a folder at a time, its folders (those left in are walked) and files."""
    if not is_local(folder):
        yield from cast(Any, folder).walk(on_error=on_error)
        return
    for path, folders, files in os.walk(folder, onerror=on_error):
        yield Path(path), folders, files


def exists(path: Place) -> bool:
    """Whether the name is taken, by a link that leads nowhere too."""
    return os.path.lexists(path) if is_local(path) else path.exists()


def put(target: Place, data: bytes, *, replace: bool) -> None:
    """One put of all bytes to an address: there before or after, never half where the store has whole objects.

    Raises:
        FileExistsError: `replace` is False and the name is taken. OSError: it cannot be written.
    """
    there: Any = target
    if not replace and there.exists():
        raise FileExistsError(str(target))
    try:
        there.fs.pipe_file(there.path, data)
    except (NotImplementedError, ValueError) as error:
        raise OSError(f"{target} cannot be written there: {error}") from error
