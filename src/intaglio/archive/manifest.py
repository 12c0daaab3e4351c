"""What an archive's manifest says: a row for every picture that was tried, in Parquet files that are only ever added.

A row is written after its file. So a process may be killed at any moment: what a row calls done is done, and a file without
a row is made again. Rows come in parts of some hundreds, each a file of its own, written whole.
"""

from __future__ import annotations

import hashlib
import io
import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from intaglio.archive.places import Item, Place

FOLDER = ".intaglio"
ROWS, SECONDS = 500, 20.0  # a part is written when it has so many rows, or so old ones
LARGE = 1 << 24  # bytes of a part that is merged no more
KEY = 16  # bytes that stand for a picture in memory


@dataclass(frozen=True)
class Row:
    """What became of one item.

    Args:
        name, size, stamp: of the source (`places.Item`). settings: what was asked for, in words.
        output: name of the file that was written; empty with an error.
        bytes, sha256: of that file. codec, quality: of a file of ours; empty and 0 elsewhere.
        seconds: that it took. error: one sentence, or empty.
    """

    name: str
    size: int
    stamp: str
    settings: str
    output: str = ""
    bytes: int = 0
    sha256: str = ""
    codec: str = ""
    quality: int = 0
    seconds: float = 0.0
    error: str = ""


KINDS = {"str": pa.string(), "int": pa.int64(), "float": pa.float64()}
SCHEMA = pa.schema([(field.name, KINDS[str(field.type)]) for field in fields(Row)])


def key(name: str, size: int, stamp: str, settings: str) -> bytes:
    """What is the same for a picture that has not changed since, asked for in the same way."""
    return hashlib.blake2b(f"{name}\0{size}\0{stamp}\0{settings}".encode(), digest_size=KEY).digest()


class Manifest:
    """The manifest of a destination; `add` collects rows, and `flush` writes those that are not yet."""

    def __init__(self, place: Place) -> None:
        self.place, self._rows, self._since = place, list[Row](), time.monotonic()

    def parts(self) -> list[str]:
        """Names of its files."""
        return [name for name in self.place.names(FOLDER) if name.endswith(".parquet")]

    def rows(self) -> Iterator[Row]:
        """All rows, oldest first; of a picture that was tried again, the last one counts."""
        for name in self.parts():
            for row in pq.read_table(io.BytesIO(self.place.get(name))).to_pylist():
                yield Row(**row)

    def done(self) -> NDArray[np.bytes_]:
        """Keys of all pictures that have a file, sorted: 16 bytes a picture."""
        keys = []
        for name in self.parts():
            table = pq.read_table(
                io.BytesIO(self.place.get(name)), columns=["name", "size", "stamp", "settings", "error"]
            )
            rows = table.to_pylist()
            part = [key(r["name"], r["size"], r["stamp"], r["settings"]) for r in rows if not r["error"]]
            keys.append(np.array(part, f"S{KEY}"))
        return np.sort(np.concatenate([np.zeros(0, f"S{KEY}"), *keys]))

    def add(self, row: Row) -> None:
        self._rows.append(row)
        if len(self._rows) >= ROWS or time.monotonic() - self._since > SECONDS:
            self.flush()

    def flush(self) -> None:
        """Writes the rows that are not yet. The names of parts sort by time."""
        if self._rows:
            self._write(pa.Table.from_pylist([asdict(row) for row in self._rows], SCHEMA))
        self._rows, self._since = [], time.monotonic()

    def merge(self) -> None:
        """Makes one part of the small ones. Killed in between, it leaves rows twice, which changes nothing."""
        tables = {name: pq.read_table(io.BytesIO(self.place.get(name))) for name in self.parts() if self._small(name)}
        if len(tables) > 1:
            self._write(pa.concat_tables(tables.values()))
            for name in tables:
                self.place.remove(name)

    def _small(self, name: str) -> bool:
        return self.place.size(name) < LARGE

    def _write(self, table: pa.Table) -> None:
        buffer = io.BytesIO()
        pq.write_table(table, buffer)
        self.place.put(f"{FOLDER}/{time.time_ns():020d}-{os.urandom(4).hex()}.parquet", buffer.getvalue())


def missing(done: NDArray[np.bytes_], item: Item, settings: str) -> bool:
    """Whether an item is not among the sorted keys of what is done."""
    wanted = np.array(key(item.name, item.size, item.stamp, settings), f"S{KEY}")
    at = int(np.searchsorted(done, wanted))
    return at == len(done) or bool(done[at] != wanted)
