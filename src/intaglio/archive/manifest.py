"""The list of what is done: Parquet files in the folder `manifest.parquet`, to which parts are only ever added.

    manifest.parquet/00000-<time in ns>-<random>.parquet      a batch of rows, written whole, after their results
    manifest.parquet/00001-…                                  many such parts merged into one

A part appears whole or not at all, and is written once its results are, so a row never promises what is not there. A run
that is killed loses the rows of its last batch: their pictures are done again, over the same results. Of several rows of a
picture the last counts. Merging writes the new part before it removes the old ones; killed between, rows are there twice,
which changes nothing. Every Parquet reader reads the folder as one table.

What is looked up in memory are 17 bytes a picture: a hash of its path, one of its state, and whether it is done.
"""

from __future__ import annotations

import hashlib
import io
import os
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from intaglio.atomic import write
from intaglio.errors import IntaglioError, sentence
from intaglio.places import Place

FOLDER = "manifest.parquet"
SCHEMA = pa.schema(
    [
        ("path", pa.string()),  # of the picture, from the source's root
        ("size", pa.int64()),  # bytes of it
        ("stamp", pa.string()),  # modification time or etag, as the source tells it
        ("key", pa.binary(16)),  # `key_of`
        ("result", pa.string()),  # path from the target's root; null where it failed, as all that follow
        ("bytes", pa.int64()),
        ("sha256", pa.string()),
        ("codec", pa.string()),
        ("quality", pa.int32()),  # index 0..255
        ("width", pa.int32()),
        ("height", pa.int32()),
        ("seconds", pa.float64()),
        ("error", pa.string()),  # a sentence; null where it is done
        ("done", pa.timestamp("us", tz="UTC")),
    ]
)
Row = dict[str, Any]

MERGED_AT = 64  # small parts
LARGE = 200_000  # rows; a part of so many is not merged any more


def key_of(path: str, size: int, stamp: str, options: str) -> bytes:
    """16 bytes: 8 that say which picture it is, 8 that change with it or with the options it is coded by."""
    state = f"{size}\0{stamp}\0{options}".encode()
    return _hash(path.encode()) + _hash(state)


def _hash(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=8).digest()


class Manifest:
    """The list in a folder, which need not be there yet."""

    def __init__(self, root: Place) -> None:
        self.folder = root / FOLDER
        self._latest = max((_moment(part) for part in self.parts()), default=0)

    def parts(self) -> list[Place]:
        """In the order in which they were written: a merged part stands where its rows did, before all later ones."""
        if not self.folder.is_dir():
            return []
        names = (path for path in self.folder.iterdir() if path.suffix == ".parquet" and path.name[0] != ".")
        return sorted(names, key=lambda path: path.name.split("-")[1:])

    def add(self, rows: list[Row]) -> None:
        """A part of these rows, whose results must be written."""
        if rows:
            self._latest = max(time.time_ns(), self._latest + 1)  # clocks may be set back
            self._write(pa.Table.from_pylist(rows, schema=SCHEMA), level=0, moment=self._latest)

    def merge(self) -> None:
        """Small parts become one, without rows that do not count any more."""
        small = list[Place]()
        for part in reversed(self.parts()):  # no row may pass over one in a large part between
            if _rows_of(part) >= LARGE:
                break
            small.insert(0, part)
        if len(small) < 2:
            return
        tables = [_table(part) for part in small]
        table = pa.concat_tables(tables)
        table = table.filter(pa.array(_last(_names(table["key"]))))
        self._write(table, level=1, moment=_moment(small[-1]))
        for part in small:
            part.unlink(missing_ok=True)

    def known(self) -> Known:
        """What is done, for looking up."""
        keys, done = [np.empty((0, 2), np.uint64)], [np.empty(0, bool)]
        for part in self.parts():
            table = _table(part, columns=["key", "error"])
            keys.append(_keys(table["key"]))
            done.append(np.asarray(table["error"].is_null()))
        return Known(np.concatenate(keys), np.concatenate(done))

    def rows(self) -> Iterator[Row]:
        """The row that counts of every picture, a part in memory at a time."""
        parts = self.parts()
        names = [_names(_table(part, columns=["key"])["key"]) for part in parts]
        counts = _last(np.concatenate([np.empty(0, np.uint64), *names]))
        start = 0
        for part, own in zip(parts, names):
            table = _table(part)
            yield from table.filter(pa.array(counts[start : start + len(own)])).to_pylist()
            start += len(own)

    def _write(self, table: pa.Table, level: int, moment: int) -> None:
        buffer = io.BytesIO()
        pq.write_table(table, buffer, compression="zstd")
        name = f"{level:05}-{moment:020}-{os.urandom(4).hex()}.parquet"
        write(self.folder / name, buffer.getvalue(), replace=False)


class Known:
    """Pictures by their keys: two sorted arrays, and whether each is done."""

    def __init__(self, keys: np.ndarray[Any, np.dtype[np.uint64]], done: np.ndarray[Any, np.dtype[np.bool_]]) -> None:
        last = _last(keys[:, 0])
        order = np.argsort(keys[last, 0])
        self._names, self._states, self._done = keys[last, 0][order], keys[last, 1][order], done[last][order]

    def __len__(self) -> int:
        """Pictures that are done."""
        return int(self._done.sum())

    def has(self, key: bytes) -> bool:
        """Whether this picture, in this state, is done."""
        name, state = np.frombuffer(key, np.uint64)
        at = int(np.searchsorted(self._names, name))
        return at < len(self._names) and bool(self._names[at] == name and self._states[at] == state and self._done[at])


def _table(part: Place, columns: list[str] | None = None) -> pa.Table:
    try:
        # Not `pq.read_table`: its threads let go of the bytes after it returns, and abort a process that ends just then.
        return pq.ParquetFile(pa.BufferReader(part.read_bytes())).read(columns, use_threads=False)
    except pa.ArrowException as error:
        raise IntaglioError(
            f"{part} is damaged: remove it, and what it lists is done again ({sentence(error)})"
        ) from error


def _moment(part: Place) -> int:
    return int(part.name.split("-")[1])


def _rows_of(part: Place) -> int:
    return len(_table(part, columns=[]))


def _keys(column: pa.ChunkedArray) -> np.ndarray[Any, np.dtype[np.uint64]]:
    """(N, 2): a picture's name and its state."""
    return np.frombuffer(b"".join(column.to_pylist()), np.uint64).reshape(-1, 2)


def _names(column: pa.ChunkedArray) -> np.ndarray[Any, np.dtype[np.uint64]]:
    return _keys(column)[:, 0]


def _last(names: np.ndarray[Any, np.dtype[np.uint64]]) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """True where no later name is the same."""
    _, first = np.unique(names[::-1], return_index=True)
    last = np.zeros(len(names), bool)
    last[len(names) - 1 - first] = True
    return last
