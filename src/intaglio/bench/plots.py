"""Curves of a measure over bytes as a PNG file, for documents; by matplotlib where it is installed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from intaglio.bench.results import Point, Record


def draw(
    curves: dict[str, list[Point]], measure: Record, mine: Sequence[str], file: Path, published: Sequence[Record] = ()
) -> None:
    """One measure's curves; ours thick, variants of a peer dotted, published ones dashed.

    `published` are tables of docs/published.toml, of any measure: those of this one are drawn, by bits a pixel of
    pictures as large as those of the run. Raises ImportError without matplotlib.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    name = measure["name"]
    figure = Figure(figsize=(6.4, 4), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    for codec, points in curves.items():
        at = [(p.mean("counted"), p.mean(name)) for p in points if p.mean(name) is not None]
        if at:
            style = ":" if "/" in codec and codec not in mine else "-"
            axes.plot(*zip(*at), style, marker="o", markersize=3, linewidth=2.4 if codec in mine else 1.2, label=codec)
    for other in (o for o in published if o["measure"] == name):
        pixels = next(p.mean("pixels") or 0.0 for points in curves.values() for p in points)
        at = [(bpp * pixels / 8, value) for bpp, value in other["points"]]
        axes.plot(*zip(*at), "--", marker="o", markersize=2, linewidth=0.8, label=f"{other['codec']} (published)")
    axes.set(xscale="log", xlabel="bytes a picture", ylabel=measure["title"])
    axes.grid(alpha=0.3, which="both")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=7)
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file)
