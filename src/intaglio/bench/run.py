"""One bench run: code, judge, time, report; each part goes on from what an earlier, stopped run left."""

from __future__ import annotations

import datetime
import platform
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from intaglio import __version__
from intaglio import measures as metrics
from intaglio.bench import coding, judging, ours, peers, plots, report, timing
from intaglio.bench import picture_set as pictures
from intaglio.bench.coding import Options
from intaglio.bench.results import BenchError, Results
from intaglio.measures.groups import read_groups

BYTES = (150.0, 250.0, 400.0, 600.0, 800.0, 1000.0, 1600.0, 2600.0)
Say = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """What to measure."""

    folder: Path
    out: Path
    mine: list[str]
    others: list[str]
    settings: list[float] = field(default_factory=lambda: list(BYTES))
    size: int | None = None
    limit: int | None = None
    faces: bool = False
    features: Path | None = None
    published: Path | None = None
    groups: Path | None = None
    options: Options = field(default_factory=Options)
    times: bool = True


def bench(plan: Plan, say: Say) -> dict[str, Any]:
    """Runs the plan and returns what the report shows."""
    from rich.console import Console
    from rich.progress import Progress

    found = pictures.load(plan.folder, plan.size, plan.limit)
    others, missing = peers.available(plan.others)
    measures, unmeasured = metrics.available(plan.features, plan.faces)
    left_out = missing | unmeasured
    for sentence in left_out.values():
        say(sentence)
    codecs = {name: list(plan.settings) for name in plan.mine} | {p.name: list(p.settings) for p in others}
    results = Results(plan.out)
    run = {
        "set": plan.folder.resolve().name,
        "pictures": list(found),
        "digest": pictures.digest(found),
        "codecs": codecs,
        "mine": plan.mine,
        "bpp": plan.options.bpp,
        "options": vars(plan.options),
        "measures": [{"name": m.name, "title": m.title, "lower": m.lower, "note": m.note} for m in measures]
        + (
            [{"name": "kd", "title": "kernel distance", "lower": True, "note": "of the whole set"}]
            * _has(measures, "eld")
        ),
        "left_out": left_out,
        "groups": read_groups(plan.groups) if plan.groups else {},
        "facts": facts(plan.mine),
    }
    if results.run and any(results.run[key] != run[key] for key in ("digest", "options")):
        raise BenchError(f"{plan.out} holds a run on other pictures or with other options: name another folder")
    results.renew(plan.mine, run)
    kept = results.whole({m.name for m in measures})
    needed = {c: s for c, s in codecs.items() if c not in kept or coding.folder(plan.out, c).exists()}

    work = len(found) * sum(map(len, codecs.values()))
    with Progress(console=Console(stderr=True), transient=True) as bar:

        def steps(name: str, total: int) -> Callable[[], object]:
            task = bar.add_task(name, total=total)
            return lambda: bar.advance(task)

        failures = coding.code(found, needed, plan.mine, plan.options, plan.out, steps("code", work))
        for point, reason in failures.items():
            say(f"{point} is left out: {reason}")
        run["left_out"] = left_out | failures
        results.add("run", run)
        by_name = {p.name: p for p in others}
        judging.judge(found, codecs, by_name, measures, plan.faces, results, plan.out, steps("judge", work))
        if plan.times:
            advance, first = steps("time", len(codecs)), next(iter(found.values()))
            for name, settings in codecs.items():
                if all(t["codec"] != name for t in results.times):
                    middle = settings[len(settings) // 2]
                    results.add("time", timing.measure(name, name in plan.mine, middle, first, plan.options))
                advance()
    data = report.gather(results, found, plan.out, report.published(plan.published, plan.folder.resolve().name))
    report.write(data, plan.out / "index.html")
    try:
        plots.draw(data, plan.out / "plots")
    except ImportError:
        say("plots are left out: matplotlib is not installed (pip install 'intaglio[bench]')")
    return data


def _has(measures: list[Any], name: str) -> int:
    return int(any(m.name == name for m in measures))


def processor() -> str:
    """The CPU's name and its vector instructions."""
    import torch

    name = platform.processor() or platform.machine()
    if Path("/proc/cpuinfo").exists():
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        name = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), name)
    return f"{name} ({torch.backends.cpu.get_cpu_capability()})"


def facts(mine: Sequence[str]) -> dict[str, str]:
    """Date, machine and versions, for every document that shows figures."""
    import torch

    from intaglio.networks.precision import best_dtype

    device = "cuda" if torch.cuda.is_available() else "cpu"
    return {
        "date": datetime.date.today().isoformat(),
        "machine": f"{torch.cuda.get_device_name() if device == 'cuda' else processor()}, {torch.get_num_threads()} threads",
        "precision": str(best_dtype(device)).removeprefix("torch."),
        "intaglio": __version__,
        "torch": torch.__version__,
        "python": platform.python_version(),
        "command": " ".join(["intaglio", *(Path(a).name if Path(a).is_absolute() else a for a in sys.argv[1:])]),
    } | {f"weights of {name}": ours.version(name) for name in mine}
