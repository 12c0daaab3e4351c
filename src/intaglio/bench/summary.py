"""docs/results.md out of reports: tables and plots, no pictures."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from intaglio.bench import report
from intaglio.bench.results import BenchError, Point, Record, Results

PLOTTED = ("lpips", "eld", "identity", "psnr")
HEADER = """# Results

Written by `intaglio bench --summary` from reports of `intaglio bench`; each part names its command, date and machine. Our
bytes are whole files; a peer's are its file less the file that it makes of a flat grey picture of that size, and at every
point a peer is the better of its variants. LPIPS-VGG and DISTS share their network with our losses: no headline there.
"""


def write(folders: Sequence[Path], out: Path) -> None:
    """The document; in a folder of its name beside it each report's plots, and its figures as REPORT.jsonl."""
    parts = [HEADER]
    for folder in folders:
        if tables := sorted(folder.glob("*.md")):  # of a protocol
            parts += [f"\n{table.read_text().strip()}\n" for table in tables]
            continue
        results = Results(folder)
        if not results.run:
            raise BenchError(f"{folder} holds no report (results.jsonl)")
        parts += _part(results, folder, out)
    out.write_text("\n".join(parts))


def _part(results: Results, folder: Path, out: Path) -> list[str]:
    run = results.run
    names = [m["name"] for m in run["measures"]]
    title = f"{run['set']}: {len(run['pictures'])} pictures, {', '.join(run['mine'])}"
    parts = [f"\n## {title}\n", *(f"- {key}: {value}" for key, value in run["facts"].items())]
    parts += [f"- left out: {sentence}" for sentence in run["left_out"].values()]
    points = [_point(p, names) for points in results.curves().values() for p in points]
    out.with_suffix("").mkdir(parents=True, exist_ok=True)
    results.save(out.with_suffix("") / f"{folder.name}.jsonl")
    for measure in PLOTTED:
        plot = folder / "plots" / f"{measure}.png"
        if len(points) > 1 and measure in names and plot.exists():
            target = out.with_suffix("") / f"{folder.name}-{measure}.png"
            shutil.copyfile(plot, target)
            parts.append(f"\n![{measure} over bytes]({out.stem}/{target.name})")
    tables = {
        "Bytes for the same quality (Bjøntegaard; negative: ours needs fewer)": report.differences(results),
        "At equal bytes": report.equal(results),
        "All points": points,
        "Bytes for the same identity": report.bytes_for(results) if len(points) > 1 else [],
        "By group, at each codec's middle point": report.grouped(results),
        "Seconds and peak memory, one picture, nothing beside it": results.times,
    }
    for heading, rows in tables.items():
        if rows:
            parts += [f"\n### {heading}\n", table(rows)]
    return parts


def _point(point: Point, names: Sequence[str]) -> Record:
    row: Record = {"codec": point.codec, "at": point.setting, "bytes": point.mean("counted"), "bpp": point.bpp}
    row |= {name: point.mean(name) for name in names}
    if "kd_low" in point.whole:
        row["kd interval"] = f"[{point.whole['kd_low']:.0f}, {point.whole['kd_high']:.0f}]"
    return row


def table(rows: Sequence[Record]) -> str:
    """Markdown; the columns are all keys in the order in which they come."""
    names = list(dict.fromkeys(key for row in rows for key in row))
    lines = [f"| {' | '.join(names)} |", f"|{'---|' * len(names)}"]
    lines += [f"| {' | '.join(shown(row.get(name)) for name in names)} |" for row in rows]
    return "\n".join(lines)


def shown(value: Any) -> str:
    """A figure for people: whole above a thousand, else four digits."""
    if isinstance(value, float):
        return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    return "–" if value is None else str(value)
