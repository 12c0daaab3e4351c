"""Means by group."""

from __future__ import annotations

from pathlib import Path

import pytest

from intaglio.errors import IntaglioError
from intaglio.measures.groups import by_group, read_groups

TABLE = "file,group,sex,note\na.png,north,f,\nb.png,north,m,\nc.png,south,f,\nd.png,,m,\n"


def test_means_by_group(tmp_path: Path) -> None:
    path = tmp_path / "groups.csv"
    path.write_text(TABLE)
    groups = read_groups(path)
    assert groups["d.png"] == {"group": "", "sex": "m"}
    values = {"a.png": 1.0, "b.png": 3.0, "c.png": None, "d.png": 9.0, "e.png": 7.0}
    means = by_group(values, groups)
    assert list(means) == ["north"]  # c has no number, d no group, e is not in the table
    assert means["north"] == (2, 1, 3, 2)
    assert {sex: figure.value for sex, figure in by_group(values, groups, "sex").items()} == {"f": 1, "m": 6}


def test_a_table_without_its_columns(tmp_path: Path) -> None:
    path = tmp_path / "groups.csv"
    path.write_text("file,group\na,b\n")
    with pytest.raises(IntaglioError, match="lacks column sex"):
        read_groups(path)
