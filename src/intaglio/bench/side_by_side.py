"""`intaglio bench run`: code, judge, time, report; each part goes on from what an earlier, stopped run left."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from intaglio import measures
from intaglio.bench import coded_files, judging, peers, picture_set, plots, published, report, timing
from intaglio.bench.circumstances import facts
from intaglio.bench.coded_files import Options
from intaglio.bench.results import BenchError, Record, Results
from intaglio.measures.groups import read_groups

if TYPE_CHECKING:
    from collections.abc import Sequence

    from intaglio.measures.measure import Measure

BYTES = (150.0, 250.0, 400.0, 600.0, 800.0, 1000.0, 1600.0, 2600.0)
KERNEL = {"name": "kd", "title": "kernel distance", "lower": True, "note": "of the whole set"}
Say = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """What to measure."""

    folder: Path  # pictures
    out: Path  # the report
    mine: list[str]  # names of ours
    others: list[str]  # names of peers
    settings: list[float] = field(default_factory=lambda: list(BYTES))  # byte targets of ours, or bits a pixel
    size: int | None = None  # central squares of this side
    limit: int | None = None  # so many pictures
    faces: bool = False  # with the measures of faces
    features: Path | None = None  # folder of feature networks
    published: Path | None = None  # table of published curves
    groups: Path | None = None  # table of groups of people
    options: Options = field(default_factory=Options)
    times: bool = True  # with seconds and memory


def bench(plan: Plan, say: Say) -> dict[str, Any]:
    """Runs the plan and returns what the report shows; `say` is told what is left out.

    Raises:
        BenchError: no pictures, or OUT holds a run on other pictures or with other options. IntaglioError: an unknown
            peer, or a table of groups that lacks a column.
    """
    from rich.console import Console
    from rich.progress import Progress

    pictures = picture_set.load(plan.folder, plan.size, plan.limit)
    others, missing = peers.available(plan.others)
    judges, unmeasured = measures.available(plan.features, plan.faces)
    codecs = {name: list(plan.settings) for name in plan.mine} | {p.name: list(p.settings) for p in others}
    for reason in (left_out := missing | unmeasured).values():
        say(reason)
    run: Record = {
        "set": plan.folder.resolve().name,
        "pictures": list(pictures),
        "digest": picture_set.digest(pictures),
        "codecs": codecs,
        "mine": plan.mine,
        "bpp": plan.options.bpp,
        "options": vars(plan.options),
        "measures": _titles(judges),
        "left_out": left_out,
        "groups": read_groups(plan.groups) if plan.groups else {},
        "facts": facts(plan.mine),
    }
    results = Results(plan.out)
    if results.run and any(results.run[key] != run[key] for key in ("digest", "options")):
        raise BenchError(f"{plan.out} holds a run on other pictures or with other options: name another folder")
    results.renew(plan.mine, run)
    whole = results.whole({m.name for m in judges})
    needed = {c: s for c, s in codecs.items() if c not in whole or coded_files.folder(plan.out, c).exists()}
    work = len(pictures) * sum(map(len, codecs.values()))
    with Progress(console=Console(stderr=True), transient=True) as bar:

        def steps(name: str, total: int) -> Callable[[], object]:
            task = bar.add_task(name, total=total)
            return lambda: bar.advance(task)

        failures = coded_files.code(pictures, needed, plan.mine, plan.options, plan.out, steps("code", work))
        for point, reason in failures.items():
            say(f"{point} is left out: {reason}")
        run["left_out"] = left_out | failures
        results.add("run", run)
        by_name = {p.name: p for p in others}
        judging.judge(pictures, codecs, by_name, judges, plan.faces, results, plan.out, steps("judge", work))
        if plan.times:
            advance, first = steps("time", len(codecs)), next(iter(pictures.values()))
            for name, settings in codecs.items():
                if all(t["codec"] != name for t in results.times):
                    results.add("time", timing.measure(name, settings[len(settings) // 2], first, plan.options))
                advance()
    curves = published.curves(plan.published, run["set"])
    data = report.gather(results, pictures, plan.out, curves)
    report.write(data, plan.out / "index.html")
    try:
        for measure in data["measures"]:
            plots.draw(results.curves(), measure, plan.mine, plan.out / "plots" / f"{measure['name']}.png", curves)
    except ImportError:
        say("plots are left out: matplotlib is not installed (pip install 'intaglio[bench]')")
    return data


def _titles(judges: Sequence[Measure]) -> list[Record]:
    """What a report says of each measure; with ELD's network there is the kernel distance too."""
    titles: list[Record] = [{"name": m.name, "title": m.title, "lower": m.lower, "note": m.note} for m in judges]
    return [*titles, KERNEL] if any(m.name == "eld" for m in judges) else titles
