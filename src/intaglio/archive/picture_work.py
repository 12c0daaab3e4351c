"""One picture of an archive: read, coded or drawn, written, and told as a row. Whatever a picture does, a row comes of it."""

from __future__ import annotations

import functools
import hashlib
import io
import json
import time
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any

from intaglio.archive.listing import Item
from intaglio.archive.manifest import Row, key_of
from intaglio.atomic import write
from intaglio.endings import SUFFIXES, WRITES
from intaglio.errors import IntaglioError, sentence
from intaglio.options import CompressOptions, DecompressOptions
from intaglio.places import place

ITG = ".itg"


@dataclass(frozen=True)
class Settings:
    """What is done with every picture of a source; can be sent to any process or machine."""

    source: str
    target: str
    options: CompressOptions | DecompressOptions
    codec: str = "auto"
    device: str | None = None
    threads: int | None = None  # of each process
    ending: str = ITG  # of results; with another than .itg files are drawn

    @property
    def reads(self) -> frozenset[str]:
        return SUFFIXES if self.ending == ITG else frozenset({ITG})

    def key(self, item: Item) -> bytes:
        """Of the item as it is, done as these settings ask."""
        return key_of(item.name, item.size, item.stamp, self._asked)

    @functools.cached_property
    def _asked(self) -> str:
        options = asdict(self.options)
        plain = {name: float(value) if type(value) is int else value for name, value in options.items()}  # 50 is 50.0
        return json.dumps([self.codec, self.ending, plain], sort_keys=True)

    def result(self, item: Item) -> str:
        """a/b.jpg becomes a/b.jpg.itg, and a/b.jpg.itg becomes a/b.jpg.png, or a/b.png where it was that before."""
        if self.ending == ITG:
            return item.name + ITG
        bare = item.name.removesuffix(ITG)
        return bare if PurePosixPath(bare).suffix.lower() == self.ending else bare + self.ending


Work = Callable[[Item], Row]


def load(settings: Settings) -> Work:
    """What does the pictures of one process, its networks loaded.

    Raises:
        IntaglioError: they cannot be.
    """
    code = _compressor(settings) if isinstance(settings.options, CompressOptions) else _drawer(settings)
    if settings.threads:
        from intaglio.networks.thread_count import limit

        limit(settings.threads)

    def work(item: Item) -> Row:
        start = time.perf_counter()
        row: Row = {"path": item.name, "size": item.size, "stamp": item.stamp, "key": settings.key(item)}
        try:
            if item.error:
                raise IntaglioError(item.error)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)
                data = item.data if item.data is not None else (place(settings.source) / item.path).read_bytes()
                result, facts = code(data)
            name = settings.result(item)
            if ".." in PurePosixPath(name).parts:  # of a stranger's tar
                raise IntaglioError(f"{name} leads out of {settings.target}")
            write(place(settings.target) / name, result)
            row |= facts | {"result": name, "bytes": len(result), "sha256": hashlib.sha256(result).hexdigest()}
        except Exception as error:  # whatever one picture does, the others are done
            row["error"] = sentence(error)
        return row | {"seconds": round(time.perf_counter() - start, 4), "done": datetime.now(UTC)}

    return work


def failed(settings: Settings, item: Item, reason: str) -> Row:
    """The row of a picture whose process has died."""
    return {
        "path": item.name, "size": item.size, "stamp": item.stamp, "key": settings.key(item),
        "error": reason, "done": datetime.now(UTC),
    }  # fmt: skip


def _compressor(settings: Settings) -> Callable[[bytes], tuple[bytes, Row]]:
    from intaglio.codec import Codec
    from intaglio.info import inspect

    options = settings.options
    assert isinstance(options, CompressOptions)
    codec = Codec(settings.codec, device=settings.device)

    def compressed(data: bytes) -> tuple[bytes, Row]:
        result = codec.compress(data, options)
        info = inspect(result, bare=options.bare)
        return result, {"codec": info.codec, "quality": info.quality, "width": info.width, "height": info.height}

    return compressed


def _drawer(settings: Settings) -> Callable[[bytes], tuple[bytes, Row]]:
    from intaglio.codec import Codec
    from intaglio.image import encoded
    from intaglio.info import codec_of

    options = settings.options
    assert isinstance(options, DecompressOptions)
    codecs: dict[str, Codec] = {}

    def drawn(data: bytes) -> tuple[bytes, dict[str, Any]]:
        name = codec_of(data, bare=options.bare)
        if name not in codecs:
            codecs[name] = Codec(name, device=settings.device)
        image = codecs[name].decompress(io.BytesIO(data), options)
        facts = {"codec": name, "width": image.width, "height": image.height}
        return encoded(image, WRITES[settings.ending]), facts

    return drawn
