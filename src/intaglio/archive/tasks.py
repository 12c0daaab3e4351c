"""What is done to each file of a place: compressed, or drawn again."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import time
import warnings
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any, Protocol

from intaglio.archive.manifest import Row
from intaglio.archive.places import Item, Place
from intaglio.codec import Codec
from intaglio.endings import SUFFIXES, WRITES
from intaglio.errors import IntaglioError, OptionError
from intaglio.options import CompressOptions, DecompressOptions

Work = Callable[[bytes], tuple[bytes, dict[str, Any]]]
"""A file to the file that is written, and what the manifest says of it."""


class Task(Protocol):
    """What is done to each file; small, since it travels to other processes."""

    @property
    def reads(self) -> Collection[str]:
        """Endings of the files that it takes."""

    @property
    def settings(self) -> str:
        """What was asked for, in words: a file is made again where that has changed."""

    def output(self, name: str) -> str:
        """The name of the file that is written for one of a name."""

    def prepare(self) -> Work:
        """Loads what takes time, once in each process."""


@dataclass(frozen=True)
class Compression:
    """Pictures to .itg files; a.jpg becomes a.jpg.itg."""

    options: CompressOptions = field(default_factory=CompressOptions)
    codec: str = "auto"
    device: str | None = None
    reads: Collection[str] = SUFFIXES

    @property
    def settings(self) -> str:
        asked = {f.name: getattr(self.options, f.name) for f in dataclasses.fields(self.options)}
        usual = dataclasses.asdict(CompressOptions())
        return " ".join([self.codec, *(f"{name}={value}" for name, value in asked.items() if value != usual[name])])

    def output(self, name: str) -> str:
        return f"{name}.itg"

    def prepare(self) -> Work:
        from intaglio.image import open_picture
        from intaglio.info import inspect

        codec = Codec(self.codec, device=self.device)

        def work(data: bytes) -> tuple[bytes, dict[str, Any]]:
            file = codec.compress(open_picture(io.BytesIO(data), self.options.page), self.options)
            info = inspect(file, bare=self.options.bare)
            return file, {"codec": info.codec, "quality": info.quality}

        return work


@dataclass(frozen=True)
class Restoration:
    """.itg files to pictures; a.jpg.itg becomes a.jpg.png."""

    ending: str = ".png"
    options: DecompressOptions = field(default_factory=DecompressOptions)
    device: str | None = None
    reads: Collection[str] = (".itg",)

    def __post_init__(self) -> None:
        if self.ending not in WRITES:
            raise OptionError(f"ending is {self.ending!r}, allowed are {', '.join(WRITES)}")

    @property
    def settings(self) -> str:
        return f"{self.ending} {self.options}"

    def output(self, name: str) -> str:
        return name.removesuffix(".itg") + self.ending

    def prepare(self) -> Work:
        from intaglio.image import encoded

        codec = Codec(device=self.device)

        def work(data: bytes) -> tuple[bytes, dict[str, Any]]:
            return encoded(codec.decompress(data, self.options), WRITES[self.ending]), {}

        return work


@dataclass(frozen=True)
class Worker:
    """Does the task for one item after the other."""

    source: Place
    target: Place
    task: Task

    def ready(self) -> Callable[[Item], Row]:
        """What does an item, writes its file, and says what the manifest is to say; it never raises an Exception."""
        work = self.task.prepare()

        def do(item: Item) -> Row:
            start, name = time.perf_counter(), self.task.output(item.name)
            row = Row(item.name, item.size, item.stamp, self.task.settings)
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter(
                        "ignore", UserWarning
                    )  # of each picture there may be some, and millions of them
                    data, facts = work(self.source.read(item))
                self.target.put(name, data)
            except Exception as error:  # whatever one picture does, the others are done
                return dataclasses.replace(row, error=_sentence(error), seconds=time.perf_counter() - start)
            digest, seconds = hashlib.sha256(data).hexdigest(), time.perf_counter() - start
            return dataclasses.replace(row, output=name, bytes=len(data), sha256=digest, seconds=seconds, **facts)

        return do


def _sentence(error: Exception) -> str:
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return str(error) if isinstance(error, IntaglioError) else f"{type(error).__name__}: {error}".splitlines()[0]
