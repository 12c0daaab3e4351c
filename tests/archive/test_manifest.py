"""The list of what is done: the last row of a picture counts, merged or not, and whatever was left behind."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from intaglio.archive.manifest import Manifest, Row, key_of
from intaglio.errors import IntaglioError


def row(path: str, stamp: str, error: str | None = None) -> Row:
    return {
        "path": path, "size": 1, "stamp": stamp, "key": key_of(path, 1, stamp, ""), "error": error, "done": datetime.now(UTC)
    }  # fmt: skip


BATCHES = st.lists(
    st.lists(st.builds(row, st.sampled_from("abcd"), st.sampled_from("12"), st.sampled_from([None, "bad"]))), max_size=6
)


@given(batches=BATCHES, merges=st.sets(st.integers(0, 5)), left=st.booleans())
def test_the_last_row_counts(
    tmp_path_factory: pytest.TempPathFactory, batches: list[list[Row]], merges: set[int], left: bool
) -> None:
    root, expected = tmp_path_factory.mktemp("list"), dict[str, Row]()
    for number, batch in enumerate(batches):
        manifest = Manifest(root)
        manifest.add(batch)
        expected |= {one["path"]: one for one in batch}
        if number in merges:
            if left and manifest.folder.exists():  # killed before the old parts were removed
                shutil.copytree(manifest.folder, root / "before")
                manifest.merge()
                shutil.copytree(root / "before", manifest.folder, dirs_exist_ok=True)
                shutil.rmtree(root / "before")
            else:
                manifest.merge()
                assert len(manifest.parts()) <= 1
    known, rows = Manifest(root).known(), list(Manifest(root).rows())
    assert {one["path"]: (one["stamp"], one["error"]) for one in rows} == {
        path: (one["stamp"], one["error"]) for path, one in expected.items()
    }
    assert len(rows) == len(expected)
    for path in "abcd":
        for stamp in "12":
            last = expected.get(path)
            done = last is not None and last["stamp"] == stamp and last["error"] is None
            assert known.has(key_of(path, 1, stamp, "")) == done
    assert len(known) == sum(one["error"] is None for one in expected.values())


def test_any_reader_of_parquet_reads_the_folder(tmp_path: Path) -> None:
    for path in "ab":
        Manifest(tmp_path).add([row(path, "1")])
    assert pq.read_table(tmp_path / "manifest.parquet")["path"].to_pylist() == ["a", "b"]


def test_a_damaged_part_says_what_to_do(tmp_path: Path) -> None:
    manifest = Manifest(tmp_path)
    manifest.add([row("a", "1")])
    manifest.parts()[0].write_bytes(b"PAR1 no more")
    with pytest.raises(IntaglioError, match="remove it"):
        manifest.known()
