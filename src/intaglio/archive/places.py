"""Where pictures are and where files go: a folder, a bucket, or whatever else fsspec knows by its URL."""

from __future__ import annotations

import posixpath
import tarfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

import fsspec
from fsspec.implementations.local import LocalFileSystem

from intaglio.atomic import tidy, write
from intaglio.errors import IntaglioError


class PlaceError(IntaglioError):
    """A place that cannot be opened, listed, read or written."""


@dataclass(frozen=True)
class Item:
    """One file of a place, whether it lies there by itself or in a tar.

    Args:
        name: within the place, with "/"; of a member of a tar behind the tar's own.
        path: of the file that holds it, as the place's file system has it.
        size: bytes. stamp: changes when the file does: its etag, or the time of its last change.
        offset: where it begins in that file.
    """

    name: str
    path: str
    size: int
    stamp: str
    offset: int = 0


@dataclass(frozen=True)
class Place:
    """A place by its URL; only the URL travels to other processes."""

    url: str

    @cached_property
    def _opened(self) -> tuple[Any, str]:
        try:
            fs, root = fsspec.core.url_to_fs(self.url, use_listings_cache=False)  # a listing may be of millions
        except (ImportError, ValueError) as error:  # a package that is missing, a kind of URL that nobody knows
            raise PlaceError(f"{self.url} cannot be opened: {error}") from error
        return fs, root

    @property
    def local(self) -> bool:
        return isinstance(self._opened[0], LocalFileSystem)

    def items(self, endings: Collection[str]) -> Iterator[Item]:
        """Every file with one of the endings, and those in tars, folder by folder; hidden ones are passed over.

        Raises:
            PlaceError: there is no such place, or it cannot be listed.
        """
        fs, root = self._opened
        try:
            if fs.isfile(root):
                yield from self._of(fs.info(root), PurePosixPath(root).name, endings)
                return
            if not fs.isdir(root):
                raise PlaceError(f"{self.url} is not there")
            waiting = [root]
            while waiting:
                folder = waiting.pop()
                inside = sorted(fs.ls(folder, detail=True), key=lambda info: str(info["name"]))
                for info in inside:
                    name = posixpath.relpath(info["name"], root)
                    if PurePosixPath(name).name.startswith(".") or name == ".":
                        continue
                    if info["type"] == "file":
                        yield from self._of(info, name, endings)
                waiting += [
                    info["name"]
                    for info in reversed(inside)
                    if info["type"] == "directory" and not PurePosixPath(info["name"]).name.startswith(".")
                ]
        except OSError as error:
            raise PlaceError(f"{self.url} cannot be listed: {error}") from error

    def _of(self, info: dict[str, Any], name: str, endings: Collection[str]) -> Iterator[Item]:
        stamp = str(
            next((info[key] for key in ("ETag", "etag", "mtime", "LastModified", "created") if key in info), "")
        )
        ending = PurePosixPath(name).suffix.lower()
        if ending in endings:
            yield Item(name, info["name"], info["size"], stamp)
        elif ending == ".tar":
            with self._opened[0].open(info["name"], "rb") as file, tarfile.open(fileobj=file, mode="r:") as tar:
                for member in tar:
                    if member.isfile() and PurePosixPath(member.name).suffix.lower() in endings:
                        inner = f"{name}/{PurePosixPath(member.name.lstrip('/'))}"
                        yield Item(inner, info["name"], member.size, stamp, member.offset_data)

    def read(self, item: Item) -> bytes:
        """The bytes of an item. Raises OSError."""
        data: bytes = self._opened[0].cat_file(item.path, start=item.offset, end=item.offset + item.size)
        return data

    def get(self, name: str) -> bytes:
        """The bytes of a file by its name. Raises OSError."""
        data: bytes = self._opened[0].cat_file(self._path(name))
        return data

    def put(self, name: str, data: bytes) -> None:
        """Writes a file, whole or not at all: by a rename here, by one request elsewhere. Raises OSError."""
        fs, path = self._opened[0], self._path(name)
        if self.local:
            write(Path(path), data)
            return
        fs.makedirs(path.rpartition("/")[0], exist_ok=True)
        fs.pipe_file(path, data)

    def names(self, folder: str) -> list[str]:
        """Names of the files in a folder of the place; none where it is missing."""
        fs, path = self._opened[0], self._path(folder)
        return (
            sorted(f"{folder}/{PurePosixPath(one).name}" for one in fs.ls(path, detail=False)) if fs.isdir(path) else []
        )

    def size(self, name: str) -> int:
        """Bytes of a file."""
        return int(self._opened[0].size(self._path(name)))

    def remove(self, name: str) -> None:
        """Removes a file."""
        self._opened[0].rm_file(self._path(name))

    def tidy(self, names: Collection[str]) -> None:
        """Removes what killed processes have left beside files of these names."""
        if self.local:
            tidy(Path(self._path(name)) for name in names if ".." not in PurePosixPath(name).parts)

    def _path(self, name: str) -> str:
        if ".." in PurePosixPath(name).parts:  # of a stranger's tar
            raise PlaceError(f"{name} leads out of {self.url}")
        return f"{self._opened[1].rstrip('/')}/{name}"
