"""Curves as PNG files, one a measure, for documents; by matplotlib where it is installed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

Data = dict[str, Any]


def draw(data: Data, folder: Path) -> list[Path]:
    """Files named after the measures. Raises ImportError without matplotlib."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for measure in data["measures"]:
        figure = Figure(figsize=(6.4, 4), dpi=110, layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.add_subplot()
        for curve in data["curves"]:
            at = [
                (p["counted"], p["values"][measure["name"]])
                for p in curve["points"]
                if p["values"].get(measure["name"]) is not None
            ]
            if not at:
                continue
            dashes = "--" if curve.get("published") else ":" if "/" in curve["codec"] else "-"
            axes.plot(
                *zip(*at),
                dashes,
                marker="o",
                markersize=3,
                linewidth=2.4 if curve["mine"] else 1.2,
                label=curve["codec"],
            )
        axes.set(xscale="log", xlabel="bytes a picture", ylabel=measure["title"])
        axes.grid(alpha=0.3, which="both")
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False, fontsize=8)
        made.append(folder / f"{measure['name']}.png")
        figure.savefig(made[-1])
    return made
