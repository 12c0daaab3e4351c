"""`intaglio bench barcode`: everybody at their best in 1,024, 700, 400 and 250 bytes, on portraits.

1,024 bytes is what ICAO's and NIST's work on barcodes leaves for a portrait. For every picture and limit a peer's scale,
smoothing, colour and quality are searched (`fitting`), for the least LPIPS; ours is asked for that many bytes. Peers are
given the limit twice: for their whole file, and for their payload, as if a bare profile of theirs existed.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from concurrent.futures import as_completed
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from intaglio import measures
from intaglio.bench import coded_files, markdown, ours, peers, picture_set, workers
from intaglio.bench.circumstances import facts
from intaglio.bench.fitting import LIMITS, Count, Trials, best_under
from intaglio.bench.rates import family
from intaglio.bench.results import BenchError, Record, Results
from intaglio.errors import BudgetError
from intaglio.measures.measure import Measure, Rgb

if TYPE_CHECKING:
    from intaglio.measures.lpips_alex import LpipsAlex

COUNTS: dict[Count, str] = {"bytes": "file", "payload": "payload"}
JUDGED = ("psnr", "lpips", "eld", "identity", "detected")


def measure(
    folder: Path,
    out: Path,
    mine: Sequence[str],
    names: Sequence[str],
    size: int,
    limit: int | None,
    features: Path | None,
    say: Callable[[str], None],
) -> None:
    """Codes, judges, writes OUT/results.jsonl and OUT/barcode.md, and says the table.

    Raises:
        BenchError: no LPIPS to search by, no pictures, or OUT holds a run on other pictures.
    """
    from rich.console import Console
    from rich.progress import Progress

    pictures = picture_set.load(folder, size, limit)
    bases, missing = peers.available(sorted({family(name) for name in names}))
    judges, unmeasured = measures.available(features, faces=True)
    judges = [m for m in judges if m.name in JUDGED]
    if all(m.name != "lpips" for m in judges):
        raise BenchError(unmeasured["lpips"])
    results = Results(out)
    run = {
        "set": folder.resolve().name,
        "pictures": list(pictures),
        "digest": picture_set.digest(pictures),
        "facts": facts(mine),
    }
    if results.run and results.run["digest"] != run["digest"]:
        raise BenchError(f"{out} holds a run on other pictures: name another folder")
    results.renew(mine, run)
    judge = functools.partial(_judged, pictures, judges, out)
    jobs = [
        (peer.name, name, rgb, features, out)
        for name, rgb in pictures.items()
        for peer in bases
        if any(
            (f"{peer.name} ({word})", float(most), name) not in results.rows
            for word in COUNTS.values()
            for most in LIMITS
        )
    ]
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("peers", total=len(jobs))
        with workers.pool() as pool:
            for future in as_completed([pool.submit(_search, *job) for job in jobs]):
                for record in future.result():
                    results.add("row", judge(record))
                bar.advance(task)
        todo = [(codec, name, most) for codec in mine for name in pictures for most in LIMITS]
        reader, task = ours.Reader(), bar.add_task("ours", total=len(todo))
        for codec, name, most in todo:
            if (codec, float(most), name) not in results.rows:
                results.add("row", judge(_ours(codec, name, pictures[name], most, reader, out)))
            bar.advance(task)
    left_out = list((missing | {m: unmeasured[m] for m in JUDGED if m in unmeasured}).values())
    title = f"Barcode: {run['set']}, {len(pictures)} pictures"
    text = markdown.document(title, facts(mine), left_out, {"": rows(results, mine, [m.name for m in judges])})
    (out / "barcode.md").write_text(text)
    say(text)


@functools.cache
def _lpips(features: Path | None) -> LpipsAlex:
    from intaglio.measures.lpips_alex import LpipsAlex

    return LpipsAlex(features)


def _search(peer: str, name: str, rgb: Rgb, features: Path | None, out: Path) -> list[Record]:
    """In a worker: the best of a peer under every limit, of its whole file and of its payload."""
    import torch

    torch.set_num_threads(1)  # a process a core
    lpips, trials, records = _lpips(features), Trials(rgb), []
    original = lpips.describe(rgb)

    def distance(_: Rgb, decoded: Rgb) -> float:
        value = lpips.compare(original, lpips.describe(decoded))
        return float("inf") if value is None else value

    for count in COUNTS:
        for most in LIMITS:
            fit = best_under(peer, rgb, most, distance, count, trials)
            codec = f"{peer} ({COUNTS[count]})"
            record: Record = {"codec": codec, "setting": float(most), "picture": name, "bytes": None}
            if fit is not None:
                data = trials.files[fit.variant, fit.setting]
                coded_files.store(coded_files.place(out, codec, most, name), data, fit.decoded)
                counted = fit.bytes if count == "bytes" else fit.payload
                record |= {"bytes": fit.bytes, "counted": counted, "variant": fit.variant, "fine": fit.setting}
            records.append(record)
    return records


def _ours(codec: str, name: str, rgb: Rgb, most: int, reader: ours.Reader, out: Path) -> Record:
    record: Record = {"codec": codec, "setting": float(most), "picture": name}
    try:
        data = ours.encode(codec, rgb, most)
    except BudgetError:
        return record | {"bytes": None}
    coded_files.store(coded_files.place(out, codec, most, name), data, reader(codec, data))
    return record | {"bytes": len(data), "counted": len(data), "variant": codec}


def _judged(pictures: dict[str, Rgb], judges: Sequence[Measure], out: Path, record: Record) -> Record:
    """The record with its measures; without, where nothing fitted."""
    if record["bytes"] is None:
        return record
    rgb = pictures[record["picture"]]
    decoded = coded_files.read(coded_files.place(out, record["codec"], record["setting"], record["picture"]))[1]
    return record | {m.name: m.compare(m.describe(rgb), m.describe(decoded)) for m in judges}


def rows(results: Results, mine: Sequence[str], names: Sequence[str]) -> list[Record]:
    """Means over pictures of every codec under every limit, with the share that fitted and that is the same person."""
    from intaglio.measures.identity import SAME

    table: list[Record] = []
    codecs = sorted({codec for codec, _, _ in results.rows}, key=lambda c: (c not in mine, c))
    for limit in LIMITS:
        for codec in codecs:
            records = [r for (c, s, _), r in results.rows.items() if c == codec and s == limit]
            fitted = [r for r in records if r["bytes"] is not None]
            row: Record = {"limit": limit, "codec": codec, "fitted": f"{len(fitted)}/{len(records)}"}
            if fitted:
                row["bytes"] = round(float(np.mean([r["bytes"] for r in fitted])))
                for name in names:
                    values: list[Any] = [r[name] for r in fitted if r.get(name) is not None]
                    row[name] = round(float(np.mean(values)), 3) if values else None
                same = [r["identity"] < SAME for r in fitted if r.get("identity") is not None]
                row["same person %"] = round(100 * float(np.mean(same))) if same else None
                variants = [r["variant"] for r in fitted]
                row["most often"] = max(set(variants), key=variants.count)
            table.append(row)
    return table
