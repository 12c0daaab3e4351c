"""Curves of a measure over bytes as a PNG file, for documents; by matplotlib where it is installed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from intaglio.bench.rates import family
from intaglio.bench.results import Point, Record

AROUND = 2.5  # times our fewest and our most bytes: what lies beyond is cut
STEPS = [step * 10**power for power in range(1, 7) for step in (1, 2, 5)]  # of the axis, as plain numbers


def draw(
    curves: dict[str, list[Point]], measure: Record, mine: Sequence[str], file: Path, published: Sequence[Record] = ()
) -> None:
    """One measure's curves; ours thick, variants of a peer dotted in its colour, published ones dashed.

    `published` are tables of docs/published.toml, of any measure: those of this one are drawn, by bits a pixel of
    pictures as large as those of the run.

    Raises:
        ImportError: matplotlib is not installed.
    """
    from matplotlib import colormaps, ticker
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    name, pixels = measure["name"], next(p.mean("pixels") or 0.0 for points in curves.values() for p in points)
    lines = {codec: _line(points, name) for codec, points in curves.items()}
    others = {o["codec"]: o["points"] for o in published if o["measure"] == name}
    lines |= {label: [(bpp * pixels / 8, value) for bpp, value in points] for label, points in others.items()}
    reach = [size for codec in mine for size, _ in lines.get(codec, ())] or [
        s for line in lines.values() for s, _ in line
    ]
    least, most = min(reach) / AROUND, max(reach) * AROUND
    lines = {codec: kept for codec, line in lines.items() if (kept := [at for at in line if least <= at[0] <= most])}
    figure = Figure(figsize=(7.4, 4), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    axes, colours = figure.add_subplot(), dict[str, object]()
    for codec, line in lines.items():
        key = codec if codec in mine or codec in others else family(codec)
        colours.setdefault(key, colormaps["tab20b" if codec in others else "tab10"](len(colours)))
        style = "--" if codec in others else "-" if key == codec else ":"
        width = 2.6 if codec in mine else 1.0 if codec in others else 1.4
        axes.plot(*zip(*line), style, color=colours[key], marker="o", markersize=3, linewidth=width, label=codec)
    axes.set(xscale="log", xlabel="bytes a picture", ylabel=measure["title"], xlim=(least, most))
    axes.xaxis.set_major_locator(ticker.FixedLocator([step for step in STEPS if least <= step <= most]))
    axes.xaxis.set_major_formatter(ticker.StrMethodFormatter("{x:,.0f}"))
    axes.xaxis.set_minor_locator(ticker.NullLocator())
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    title = "dashed: published" if others else None
    figure.legend(loc="outside right upper", frameon=False, fontsize=8, title=title, title_fontsize=8)
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file)


def _line(points: Sequence[Point], name: str) -> list[tuple[float, float]]:
    """(mean bytes, mean value) of the points where the measure is defined."""
    return [(size, value) for p in points if (size := p.mean("counted")) and (value := p.mean(name)) is not None]
