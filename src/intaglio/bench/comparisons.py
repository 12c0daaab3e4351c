"""Rows of tables out of a run's results: rates, quality at equal bytes, bytes at equal identity, and groups of people."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from intaglio.bench import rates
from intaglio.bench.results import Point, Record, Results
from intaglio.measures.groups import COLUMNS, by_group

EQUAL = (250.0, 400.0, 800.0, 1000.0)  # bytes at which codecs are compared, where the run is by bytes
IDENTITIES = (0.5, 0.4, 0.3)  # distances of faces (0.6: the same person) for which bytes are compared


def differences(results: Results) -> list[Record]:
    """Bjøntegaard differences of each of ours against each family of peers, for every per-picture measure."""
    curves, mine = results.curves(), results.run["mine"]
    rows: list[Record] = []
    for codec in (c for c in mine if c in curves):
        for family, variants in rates.families(curves, mine).items():
            for measure in results.run["measures"]:
                if measure["name"] in results.sets.get((codec, curves[codec][0].setting), {}):
                    continue
                difference = rates.difference(curves[codec], variants, measure["name"], measure["lower"])
                row: Record = {"codec": codec, "against": family, "measure": measure["title"], "name": measure["name"]}
                if difference is None:
                    rows.append(row | {"percent": None, "interval": "no overlap"})
                    continue
                rows.append(
                    row
                    | {
                        "percent": round(difference.percent, 1),
                        "interval": f"[{difference.low:+.0f}…{difference.high:+.0f}]",
                        "overlap %": round(100 * difference.overlap),
                        "over": f"{difference.range[0]:.3f} … {difference.range[1]:.3f}",
                    }
                )
    return rows


def _everyone(results: Results) -> dict[str, list[list[Point]]]:
    """Ours, and the families of peers, each with the curves of its variants."""
    curves, mine = results.curves(), results.run["mine"]
    return {c: [curves[c]] for c in mine if c in curves} | rates.families(curves, mine)


def byte_points(results: Results) -> list[float]:
    """Bytes at which codecs are compared: `EQUAL`; in a run by bits a pixel those of our own points."""
    curves = results.curves()
    first = next((curves[c] for c in results.run["mine"] if c in curves), [])
    return [p.mean("counted") or 0.0 for p in first] if results.run["bpp"] else list(EQUAL)


def equal(results: Results, sizes: Sequence[float]) -> list[Record]:
    """Every measure at equal mean bytes, for everybody who has points on both sides of them."""
    rows = []
    for size in sizes:
        for name, variants in _everyone(results).items():
            row: Record = {"codec": name, "bytes": round(size)}
            for measure in results.run["measures"]:
                value = rates.at_bytes(variants, measure["name"], measure["lower"], size)
                row[measure["name"]] = None if value is None else round(value, 4)
            if any(row[measure["name"]] is not None for measure in results.run["measures"]):
                rows.append(row)
    return rows


def bytes_for(results: Results) -> list[Record]:
    """Mean bytes that everybody needs for the same identity distance, where faces were measured."""
    if all(m["name"] != "identity" for m in results.run["measures"]):
        return []
    rows = []
    for name, variants in _everyone(results).items():
        row: Record = {"codec": name}
        for distance in IDENTITIES:
            size = rates.bytes_at(variants, "identity", True, distance)
            row[f"bytes for identity {distance}"] = None if size is None else round(size)
        rows.append(row)
    return rows


def grouped(results: Results) -> list[Record]:
    """What matters of faces, by groups of people, each mean with its interval, at the middle point of every codec."""
    groups = {Path(file).stem: row for file, row in results.run["groups"].items()}
    rows: list[Record] = []
    for codec, points in results.curves().items() if groups else ():
        point = points[len(points) // 2]
        for column in COLUMNS:
            by: dict[str, Record] = {}
            for name in ("identity", "detected", "lpips"):
                values = {Path(row["picture"]).name: row.get(name) for row in point.rows}
                for group, figure in by_group(values, groups, column).items():
                    row = by.setdefault(
                        group, {"codec": codec, "at": point.setting, "group": group, "pictures": figure.n}
                    )
                    row[name] = f"{figure.value:.3f} [{figure.low:.3f}…{figure.high:.3f}]"
            rows += by.values()
    return rows
