"""A measure by groups of people: whether a codec serves one worse than another."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from intaglio.errors import IntaglioError
from intaglio.measures.interval import Figure, bootstrap, mean

COLUMNS = "group", "sex"

Groups = dict[str, dict[str, str]]
"""Of each picture's file name, its group and sex; "" where the table does not say."""


def read_groups(path: Path) -> Groups:
    """A table with the columns file, group and sex."""
    with path.open(newline="", encoding="utf-8-sig") as file:
        reader = csv.DictReader(file)
        if missing := {"file", *COLUMNS} - set(reader.fieldnames or ()):
            raise IntaglioError(f"{path} lacks column {', '.join(sorted(missing))}: it has file, group and sex.")
        return {row["file"].strip(): {c: (row[c] or "").strip() for c in COLUMNS} for row in reader}


def by_group(values: Mapping[str, float | None], groups: Groups, column: str = "group") -> dict[str, Figure]:
    """The mean, with its interval, of one number per picture in each group, or sex; groups in alphabetical order.

    Pictures without a number (no face found) or without a group do not count; how many did is in the figure.
    """
    members: defaultdict[str, list[float]] = defaultdict(list)
    for file, value in values.items():
        if value is not None and (group := groups.get(file, {}).get(column)):
            members[group].append(value)
    return {group: bootstrap(mean, np.array(members[group])) for group in sorted(members)}
