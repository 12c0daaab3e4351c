"""The report of a run: index.html, all in one file.

Pictures in the report are those of the worst cases, largest loss of ours against the best peer first.
"""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from intaglio.bench import coded_files, comparisons
from intaglio.bench.results import Point, Record, Results
from intaglio.measures.measure import Rgb

SHOWN = 8  # pictures in the report
CLOSE = 95  # WebP quality of the pictures in it: what is looked at must not be spoilt by the report


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
    """A picture as every codec decodes it at every setting, with its figures."""
    shots = []
    for codec, points in results.curves().items():
        for point in points:
            row = results.rows[codec, point.setting, name]
            path = coded_files.place(out, codec, point.setting, name)
            if coded_files.done(path):
                label = f"{codec} @ {point.setting:g}"
                values = {m["name"]: row.get(m["name"]) for m in results.run["measures"] if m["name"] in row}
                shots.append(
                    {"label": label, "bytes": row["counted"]} | values | {"src": _uri(coded_files.read(path)[1])}
                )
    return shots


def _lines(results: Results, measures: Sequence[Record], published: Sequence[Record], pixels: float) -> list[Record]:
    """What the chart draws: measured curves and published ones, those by bits a pixel of pictures of so many pixels."""
    mine = results.run["mine"]
    lines: list[Record] = [
        {"codec": codec, "mine": codec in mine, "points": [_point(p, measures) for p in points]}
        for codec, points in results.curves().items()
    ]
    for other in published:
        points = [
            {"setting": bpp, "counted": bpp * pixels / 8, "values": {other["measure"]: value}, "each": {}}
            for bpp, value in other["points"]
        ]
        lines.append({"codec": f"{other['codec']} (published)", "mine": False, "published": True, "points": points})
    return lines


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


def gather(results: Results, pictures: dict[str, Rgb], out: Path, published: Sequence[Record] = ()) -> dict[str, Any]:
    """Everything that index.html shows."""
    curves, run = results.curves(), results.run
    names = list(pictures)
    measures = [m for m in run["measures"] if any(p.mean(m["name"]) is not None for c in curves.values() for p in c)]
    pixels = float(np.mean([rgb.shape[0] * rgb.shape[1] for rgb in pictures.values()]))
    by = next((m for m in measures if m["name"] in ("lpips", "ms_ssim")), measures[0])
    shown = worst(curves, run["mine"], by, names)[:SHOWN]
    return {
        "title": f"Intaglio and its peers on {run['set']}: {len(names)} pictures",
        "facts": ", ".join(f"{key} {value}" for key, value in run["facts"].items()),
        "left_out": list(run["left_out"].values()),
        "mine": run["mine"],
        "measures": measures,
        "pictures": names,
        "curves": _lines(results, measures, published, pixels),
        "rates": [{k: v for k, v in row.items() if k != "name"} for row in comparisons.differences(results)],
        "equal": comparisons.equal(results, comparisons.byte_points(results)),
        "identity": comparisons.bytes_for(results),
        "groups": comparisons.grouped(results),
        "times": [{k: round(v, 4) if isinstance(v, float) else v for k, v in t.items()} for t in results.times],
        "shown": [{"name": n, "original": _uri(pictures[n]), "shots": _shots(results, out, n)} for n in shown],
    }


def write(data: dict[str, Any], file: Path) -> None:
    """index.html: the page with its data inside."""
    page = (files("intaglio.bench") / "report.html").read_text()
    # "</" would end the script that the data are in, and "<!--" begin a comment in it.
    text = json.dumps(data, ensure_ascii=False, allow_nan=False).replace("<", "\\u003c")
    file.write_text(page.replace("/*DATA*/", text))
