"""The report of a run: index.html, all in one file, and what tables and plots are made of.

Pictures in the report are those of the worst cases, largest loss of ours against the best peer first.
"""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from intaglio.bench import coding, rates
from intaglio.bench.results import Point, Record, Results

if TYPE_CHECKING:
    from intaglio.bench.picture_set import Rgb

EQUAL = (250, 400, 800, 1000)  # bytes at which codecs are compared, where the run is by bytes
IDENTITIES = (0.5, 0.4, 0.3)  # distances of faces (0.6: the same person) for which bytes are compared
SHOWN = 8  # pictures in the report
CLOSE = 95  # WebP quality of the pictures in it: what is looked at must not be spoilt by the report


def differences(results: Results) -> list[Record]:
    """Bjøntegaard differences of each of ours against each family of peers, for every per-picture measure."""
    curves, mine = results.curves(), results.run["mine"]
    made = []
    for codec in (c for c in mine if c in curves):
        for family, variants in rates.families(curves, mine).items():
            for measure in results.run["measures"]:
                if measure["name"] in results.sets.get((codec, curves[codec][0].setting), {}):
                    continue
                found = rates.difference(curves[codec], variants, measure["name"], measure["lower"])
                row: Record = {"codec": codec, "against": family, "measure": measure["title"]}
                if found is None:
                    made.append(row | {"percent": None, "interval": "no overlap"})
                    continue
                made.append(
                    row
                    | {
                        "percent": round(found.percent, 1),
                        "interval": f"[{found.low:+.1f}, {found.high:+.1f}]",
                        "overlap %": round(100 * found.overlap),
                        "over": f"{found.range[0]:.3f} … {found.range[1]:.3f}",
                    }
                )
    return made


def equal(results: Results) -> list[Record]:
    """Every measure at equal bytes; runs by bits a pixel are compared at our own points."""
    curves, mine = results.curves(), results.run["mine"]
    everyone = {c: [curves[c]] for c in mine if c in curves} | rates.families(curves, mine)
    first = next((curves[c] for c in mine if c in curves), [])
    sizes = [p.mean("counted") or 0.0 for p in first] if results.run["bpp"] else list(EQUAL)
    made = []
    for size in sizes:
        for name, variants in everyone.items():
            row: Record = {"codec": name, "bytes": round(size)}
            for measure in results.run["measures"]:
                value = rates.at_bytes(variants, measure["name"], measure["lower"], size)
                row[measure["name"]] = None if value is None else round(value, 4)
            if any(row[measure["name"]] is not None for measure in results.run["measures"]):
                made.append(row)
    return made


def bytes_for(results: Results) -> list[Record]:
    """Mean bytes that everybody needs for the same identity distance, where faces were measured."""
    if all(m["name"] != "identity" for m in results.run["measures"]):
        return []
    curves, mine = results.curves(), results.run["mine"]
    everyone = {c: [curves[c]] for c in mine if c in curves} | rates.families(curves, mine)
    made = []
    for name, variants in everyone.items():
        row: Record = {"codec": name}
        for distance in IDENTITIES:
            size = rates.bytes_at(variants, "identity", True, distance)
            row[f"bytes for identity {distance}"] = None if size is None else round(size)
        made.append(row)
    return made


def grouped(results: Results) -> list[Record]:
    """What matters of faces, by groups of people, each mean with its interval, at the middle point of every codec."""
    from intaglio.measures.groups import COLUMNS, by_group

    groups = {Path(file).stem: row for file, row in results.run["groups"].items()}
    made: list[Record] = []
    for codec, points in results.curves().items() if groups else ():
        point = points[len(points) // 2]
        for column in COLUMNS:
            rows: dict[str, Record] = {}
            for name in ("identity", "detected", "lpips"):
                values = {Path(row["picture"]).name: row.get(name) for row in point.rows}
                for group, figure in by_group(values, groups, column).items():
                    row = rows.setdefault(
                        group, {"codec": codec, "at": point.setting, "group": group, "pictures": figure.n}
                    )
                    row[name] = f"{figure.value:.3f} [{figure.low:.3f}, {figure.high:.3f}]"
            made += rows.values()
    return made


def worst(curves: dict[str, list[Point]], mine: Sequence[str], measure: Record, names: list[str]) -> list[str]:
    """Pictures by how much ours loses, at the middle point of ours, to the peer that does best with as many bytes."""
    ours = next((curves[c] for c in mine if c in curves), None)
    if ours is None:
        return names
    point = ours[len(ours) // 2]
    sign = 1 if measure["lower"] else -1
    losses = []
    for i in range(len(names)):
        value = point.rows[i].get(measure["name"])
        peers = [
            row[measure["name"]]
            for codec, points in curves.items()
            if codec not in mine
            for row in (p.rows[i] for p in points)
            if row["counted"] <= point.rows[i]["counted"] and row.get(measure["name"]) is not None
        ]
        best = min((sign * p for p in peers), default=0.0)
        losses.append(-np.inf if value is None else sign * value - best)
    return [names[i] for i in np.argsort(losses)[::-1]]


def _uri(rgb: Rgb) -> str:
    from PIL import Image

    out = io.BytesIO()
    Image.fromarray(rgb).save(out, "WEBP", quality=CLOSE, method=4)
    return "data:image/webp;base64," + base64.b64encode(out.getvalue()).decode()


def _shots(results: Results, out: Path, name: str) -> list[Record]:
    made = []
    for codec, points in results.curves().items():
        for point in points:
            row = results.rows[codec, point.setting, name]
            path = coding.place(out, codec, point.setting, name)
            if coding.done(path):
                label = f"{codec} @ {point.setting:g}"
                values = {m["name"]: row.get(m["name"]) for m in results.run["measures"] if m["name"] in row}
                made.append({"label": label, "bytes": row["counted"]} | values | {"src": _uri(coding.read(path)[1])})
    return made


def published(file: Path | None, kind: str) -> list[Record]:
    """Curves that others published, by bits a pixel; drawn beside measured ones of the same set and measure."""
    if file is None:
        return []
    import tomllib

    return [c for c in tomllib.loads(file.read_text())["curve"] if c["set"].lower() == kind.lower()]


def gather(results: Results, pictures: dict[str, Rgb], out: Path, others: Sequence[Record] = ()) -> dict[str, Any]:
    """Everything that index.html shows."""
    curves, run = results.curves(), results.run
    names = list(pictures)
    measures = [m for m in run["measures"] if any(p.mean(m["name"]) is not None for c in curves.values() for p in c)]
    lines: list[Record] = []
    for codec, points in curves.items():
        lines.append({"codec": codec, "mine": codec in run["mine"], "points": [_point(p, measures) for p in points]})
    pixels = float(np.mean([rgb.shape[0] * rgb.shape[1] for rgb in pictures.values()]))
    for other in others:
        points_ = [
            {"setting": bpp, "counted": bpp * pixels / 8, "values": {other["measure"]: value}, "each": {}}
            for bpp, value in other["points"]
        ]
        lines.append({"codec": f"{other['codec']} (published)", "mine": False, "published": True, "points": points_})
    by = next((m for m in measures if m["name"] in ("lpips", "ms_ssim")), measures[0])
    shown = worst(curves, run["mine"], by, names)[:SHOWN]
    return {
        "title": f"Intaglio and its peers on {run['set']}: {len(names)} pictures",
        "facts": ", ".join(f"{key} {value}" for key, value in run["facts"].items()),
        "left_out": list(run["left_out"].values()),
        "mine": run["mine"],
        "measures": measures,
        "pictures": names,
        "curves": lines,
        "rates": differences(results),
        "equal": equal(results),
        "identity": bytes_for(results),
        "groups": grouped(results),
        "times": [{k: round(v, 4) if isinstance(v, float) else v for k, v in t.items()} for t in results.times],
        "shown": [{"name": n, "original": _uri(pictures[n]), "shots": _shots(results, out, n)} for n in shown],
    }


def _point(point: Point, measures: Sequence[Record]) -> Record:
    names = [m["name"] for m in measures]
    return {
        "setting": point.setting,
        "counted": point.mean("counted"),
        "bytes": point.mean("bytes"),
        "bpp": point.bpp,
        "values": {n: point.mean(n) for n in names},
        "each": {n: [row.get(n) for row in point.rows] for n in ("counted", *names)},
    }


def write(data: dict[str, Any], file: Path) -> None:
    """index.html: the page with its data inside."""
    page = (files("intaglio.bench") / "report.html").read_text()
    # "</" would end the script that the data are in.
    text = json.dumps(data, ensure_ascii=False, allow_nan=False).replace("</", "<\\/")
    file.write_text(page.replace("/*DATA*/", text))
