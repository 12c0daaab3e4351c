"""Pictures of an archive as they come: of a folder, an address, or tars (WebDataset's too). A folder's names are held, never all.

A picture's path is from the root of the source; of a tar's member it begins with the tar's own: `shard-0001.tar/000017.jpg`.
"""

from __future__ import annotations

import os
import tarfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, cast

from intaglio.errors import IntaglioError, sentence
from intaglio.places import Place, is_local, place

TAR = ".tar"
STAMPS = ("ETag", "etag", "md5Hash", "mtime", "LastModified", "last_modified", "created", "date_time")
"""What file systems call that which changes with a file, the surest first."""


@dataclass(frozen=True)
class Item:
    """A picture that is there; or with `error` a folder or a tar that cannot be read."""

    path: str  # from the root, with slashes
    size: int = 0
    stamp: str = ""
    data: bytes | None = None  # of a tar's member, which is read where it stands
    error: str = ""

    @property
    def name(self) -> str:
        """The path in characters that any list and file system can have."""
        return self.path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def items(source: str, reads: Collection[str], *, with_data: bool = True) -> Iterator[Item]:
    """Every picture of a source, a folder after the other.

    Args:
        source: a folder or an address, with pictures and tars of pictures; or one tar.
        reads: endings of what counts, lower case with the dot. with_data: of members of tars.

    Raises:
        IntaglioError: there is no such folder or tar.
    """
    root = place(source)
    if root.suffix.lower() == TAR and root.is_file():
        yield from _members(root, root.name, reads, with_data)
        return
    if not root.is_dir():
        raise IntaglioError(f"{source} is neither a folder nor a {TAR} file: name where the pictures are")
    for item in _local(root, "") if is_local(root) else _remote(root):
        ending = PurePosixPath(item.path).suffix.lower()
        if ending in reads or item.error:
            yield item
        elif ending == TAR:
            yield from _members(root / item.path, item.path, reads, with_data)


def _local(root: Place, inner: str) -> Iterator[Item]:
    """Entries as the system hands them out; hidden ones are passed over, and links to folders."""
    try:
        with os.scandir(root / inner) as entries:
            for entry in entries:
                path = f"{inner}/{entry.name}" if inner else entry.name
                if entry.name.startswith("."):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    yield from _local(root, path)
                elif entry.is_file():
                    status = entry.stat()
                    yield Item(path, status.st_size, str(status.st_mtime_ns))
    except OSError as error:
        yield Item(inner or ".", error=sentence(error))


def _remote(root: Place) -> Iterator[Item]:
    """What the lists of an address say, without a request a file."""
    there = cast(Any, root)
    start = len(there.path.rstrip("/")) + 1
    for folder, folders, files in there.fs.walk(there.path, detail=True, on_error="raise"):
        for name in [name for name in folders if name.startswith(".")]:
            del folders[name]
        for name, facts in files.items():
            if name and not name.startswith("."):
                stamp = next((str(facts[key]) for key in STAMPS if facts.get(key)), "")
                yield Item(f"{folder}/{name}"[start:].lstrip("/"), int(facts.get("size") or 0), stamp)
        there.fs.invalidate_cache()  # which would come to hold the whole listing


def _members(file: Place, path: str, reads: Collection[str], with_data: bool) -> Iterator[Item]:
    """Of a tar, from its beginning to its end."""
    try:
        with file.open("rb") as stream, tarfile.open(fileobj=stream, mode="r:" if is_local(file) else "r|") as tar:
            for member in tar:
                if member.isfile() and PurePosixPath(member.name).suffix.lower() in reads:
                    opened = tar.extractfile(member) if with_data else None
                    data = opened.read() if opened else None
                    tar.members = []  # type: ignore[attr-defined]  # which tarfile would keep
                    yield Item(f"{path}/{member.name.removeprefix('./')}", member.size, str(member.mtime), data)
    except (tarfile.TarError, OSError, EOFError) as error:
        yield Item(path, error=f"the tar cannot be read to its end: {sentence(error)}")
