"""What a bench run leaves behind: one JSON object a line in results.jsonl, so that a stopped run goes on.

{"kind": "run", ...}   what was measured, how, on what machine; the last such line holds
{"kind": "row", ...}   one picture through one codec at one setting; of equal ones the last holds
{"kind": "set", ...}   measures of all pictures of a point together
{"kind": "time", ...}  seconds and memory of one codec at one setting, taken with nothing beside it
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from intaglio.errors import IntaglioError

FILE = "results.jsonl"
Record = dict[str, Any]
Key = tuple[str, float, str]  # codec, setting, picture


class BenchError(IntaglioError):
    """The bench cannot do what was asked; the sentence says why."""


@dataclass
class Point:
    """One codec at one setting: a row of every picture, in the order of the pictures."""

    codec: str
    setting: float
    rows: list[Record]
    whole: Record = field(default_factory=dict)  # measures of the set: kernel distance

    def values(self, name: str, pick: Iterable[int] | None = None) -> list[float]:
        """A measure of the pictures, or of those picked, where it is defined."""
        rows = self.rows if pick is None else [self.rows[i] for i in pick]
        return [row[name] for row in rows if row.get(name) is not None]

    def mean(self, name: str, pick: Iterable[int] | None = None) -> float | None:
        if name in self.whole:
            return float(self.whole[name])
        values = self.values(name, pick)
        return float(np.mean(values)) if values else None

    @property
    def bpp(self) -> float:
        """Counted bits of all pictures over their pixels."""
        return 8 * sum(row["counted"] for row in self.rows) / sum(row["pixels"] for row in self.rows)


class Results:
    """results.jsonl of a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.run = folder, dict[str, Any]()
        self.rows, self.sets, self.times = dict[Key, Record](), dict[tuple[str, float], Record](), list[Record]()
        self.file = folder / FILE
        for line in self.file.read_text().splitlines() if self.file.exists() else ():
            try:
                record = json.loads(line)
            except json.JSONDecodeError:
                continue  # a run was stopped while it wrote this line
            self._take(record)

    def _take(self, record: Record) -> None:
        match record.pop("kind"):
            case "run":
                self.run = record
            case "row":
                self.rows[record["codec"], record["setting"], record["picture"]] = record
            case "set":
                self.sets[record["codec"], record["setting"]] = record
            case "time":
                self.times = [t for t in self.times if t["codec"] != record["codec"]] + [record]

    def add(self, kind: str, record: Record) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.file.open("a") as out:
            out.write(json.dumps({"kind": kind} | record) + "\n")
        self._take({"kind": kind} | record)

    def save(self, file: Path) -> None:
        """Write what holds to a file, floats to six digits."""

        def short(value: Any) -> Any:
            return float(f"{value:.6g}") if isinstance(value, float) else value

        kinds = ("run", [self.run]), ("row", self.rows.values()), ("set", self.sets.values()), ("time", self.times)
        records = [{"kind": kind} | record for kind, several in kinds for record in several if record]
        temporary = file.with_suffix(".tmp")
        temporary.write_text("".join(json.dumps({k: short(v) for k, v in r.items()}) + "\n" for r in records))
        os.replace(temporary, file)

    def renew(self, mine: Iterable[str], run: Record) -> None:
        """Go on as `run`: ours, where its weights are others than before, has no figures any more."""
        before = self.run.get("facts", {})
        for codec in mine:
            key = f"weights of {codec}"
            if before.get(key, run["facts"][key]) != run["facts"][key]:
                self.rows = {k: row for k, row in self.rows.items() if k[0] != codec}
                self.sets = {k: row for k, row in self.sets.items() if k[0] != codec}
                self.times = [t for t in self.times if t["codec"] != codec]
                self.save(self.file)
        self.add("run", run)

    def whole(self, measures: set[str]) -> set[str]:
        """Codecs of which every picture at every setting has a row with these measures."""
        run = self.run["codecs"].items()
        return {
            codec
            for codec, settings in run
            if all(measures <= self.rows.get((codec, s, p), {}).keys() for s in settings for p in self.run["pictures"])
        }

    def curves(self) -> dict[str, list[Point]]:
        """Every codec's whole points, by bytes; one that lacks a picture cannot be compared and is left out."""
        pictures = self.run["pictures"]
        curves: dict[str, list[Point]] = {}
        for codec, settings in self.run["codecs"].items():
            points = []
            for setting in settings:
                rows = [self.rows.get((codec, setting, name)) for name in pictures]
                if all(rows) and rows:
                    whole = self.sets.get((codec, setting), {})
                    values = {k: v for k, v in whole.items() if k not in ("codec", "setting")}
                    points.append(Point(codec, setting, [r for r in rows if r], values))
            curves[codec] = sorted(points, key=lambda p: p.mean("counted") or 0)
        return {codec: points for codec, points in curves.items() if points}
