"""`intaglio bench summary`: one Markdown page out of reports, and its plots in a folder of the page's name beside it.

A report of `run` gives a paragraph of facts, a table of Bjøntegaard differences, one at equal bytes, and two plots, of the
measures that matter; a report of another sub-command gives the tables that it wrote. Pictures are never copied.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from intaglio.bench import comparisons, markdown, plots, published
from intaglio.bench.results import BenchError, Record, Results

# Measures that matter; DISTS, which shares a network with the losses, is no headline.
TITLES = {"lpips": "LPIPS-Alex", "eld": "ELD", "identity": "identity", "psnr": "PSNR", "dists": "DISTS*"}
HEADLINES = tuple(TITLES)[:-1]
PLOTTED = ("lpips", "identity", "psnr")  # the first two that were measured
MOST = 2
GROUPED = ("codec", "group", "pictures", "identity", "lpips")
BYTES = (400.0, 900.0)  # at which a run by bytes is shown; one by bits a pixel at every third of its points
WHOLE = 95  # percent of our range that a peer reaches; a difference over less says so
HEADER = """# Results

Written by `intaglio bench summary {command}`.

Our bytes are whole files. A peer's are its payload: its file minus that of a flat grey picture; at every point a peer is
the better of its variants. A negative difference (Bjøntegaard, percent) means that ours needs fewer bytes for the same
value; in brackets is the 95 % interval over pictures, and in % the share of our range that the peer reaches, where not
all. For LPIPS, ELD, identity (dlib's distance, below 0.6 is the same person) and DISTS lower is better. Networks of
LPIPS-Alex, ELD and identity took no part in training; DISTS* shares VGG16 with a loss.
"""


def write(reports: Sequence[Path], out: Path, curves: Path | None = None) -> None:
    """The page; `curves` is a table of published ones to draw.

    Raises:
        BenchError: a report is neither a folder of the bench nor a Markdown file, or there is no matplotlib.
    """
    options = ["--published", _plain(curves)] if curves else []
    parts = [HEADER.format(command=" ".join([*map(_plain, reports), *options, "--out", _plain(out)]))]
    for report in reports:
        results = Results(report)
        if tables := [report] if report.suffix == ".md" else sorted(report.glob("*.md")):
            parts += [table.read_text("utf-8").strip() + "\n" for table in tables]
        elif results.run:
            parts.append(_part(results, report.name, out, curves))
        else:
            raise BenchError(f"{report} holds no report of intaglio bench")
    out.write_text("\n".join(parts), "utf-8")


def _plain(path: Path) -> str:
    """A path as the page shows it: of a place on this machine the name alone."""
    return path.name if path.is_absolute() else path.as_posix()


def _part(results: Results, name: str, out: Path, curves: Path | None) -> str:
    """What the page says of one run."""
    run = results.run
    tables: dict[str, list[Record]] = {
        "Bytes for the same quality, percent": _differences(results),
        "At equal bytes": _equal(results),
        "By group": _groups(results),
    }
    title = f"{name}: {len(run['pictures'])} pictures, {', '.join(run['mine'])}"
    text = markdown.document(title, run["facts"], (), tables)
    for plot in _plots(results, name, out, curves):
        text += f"\n![{plot.stem} over bytes]({out.stem}/{plot.name})\n"
    return text


def _differences(results: Results) -> list[Record]:
    """One row a codec and peer, one column a measure."""
    rows: dict[tuple[str, str], Record] = {}
    for difference in comparisons.differences(results):
        if difference["name"] in TITLES:
            key = difference["codec"], difference["against"]
            row = rows.setdefault(key, {"codec": key[0], "against": key[1]} | dict.fromkeys(TITLES.values()))
            if difference["percent"] is not None:
                share = difference["overlap %"]
                over = f" ({share} %)" * (share < WHOLE)
                row[TITLES[difference["name"]]] = f"{difference['percent']:+.0f} {difference['interval']}{over}"
    return [row for row in _filled(list(rows.values())) if len(row) > 2]


def _equal(results: Results) -> list[Record]:
    """Measures at a few byte points; of a run with one point, at that."""
    names = [m["name"] for m in results.run["measures"] if m["name"] in HEADLINES]
    sizes = comparisons.byte_points(results)[1::3] if results.run["bpp"] else BYTES
    rows = comparisons.equal(results, sizes) or [
        {"codec": codec, "bytes": round(p.mean("counted") or 0)} | {n: p.mean(n) for n in names}
        for codec, points in results.curves().items()
        for p in points
    ]
    shown = ({TITLES[n]: None if row[n] is None else f"{row[n]:.3g}" for n in HEADLINES if n in names} for row in rows)
    return _filled([{"codec": row["codec"], "bytes": row["bytes"]} | values for row, values in zip(rows, shown)])


def _groups(results: Results) -> list[Record]:
    """Ours by groups of people; of one codec, without its name."""
    mine = results.run["mine"]
    keys = GROUPED[len(mine) == 1 :]
    return _filled([{k: row.get(k) for k in keys} for row in comparisons.grouped(results) if row["codec"] in mine])


def _filled(rows: list[Record]) -> list[Record]:
    """The rows without columns that are empty in all of them."""
    full = {key for row in rows for key, value in row.items() if value is not None}
    return [{key: value for key, value in row.items() if key in full} for row in rows]


def _plots(results: Results, name: str, out: Path, curves: Path | None) -> list[Path]:
    """Draws the curves of ours and peers, where there are any."""
    run, drawn = results.run, []
    points = results.curves()
    if points.keys() <= set(run["mine"]) or max(map(len, points.values())) < 2:
        return []
    measured = {m["name"]: m for m in run["measures"]}
    for measure in [n for n in PLOTTED if n in measured][:MOST]:
        drawn.append(out.with_suffix("") / f"{name}-{measure}.png")
        try:
            plots.draw(points, measured[measure], run["mine"], drawn[-1], published.curves(curves, run["set"]))
        except ImportError as error:
            raise BenchError("plots need matplotlib: pip install 'intaglio[bench]'") from error
    return drawn
