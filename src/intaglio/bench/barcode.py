"""The barcode protocol: everybody at their best in 1,024, 700, 400 and 250 bytes, on portraits.

1,024 bytes is what ICAO's and NIST's work on barcodes leaves for a portrait. For every picture and limit a peer's scale,
smoothing, colour and quality are searched (`protocol`), for the least LPIPS; ours is asked for that many bytes. Peers are
given the limit twice: for their whole file, and for their payload, as if a bare profile of theirs existed.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from concurrent.futures import as_completed
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from intaglio.bench import coding, ours, summary, workers
from intaglio.bench import picture_set as pictures
from intaglio.bench.fitting import LIMITS, Count, Trials, best_under
from intaglio.bench.rates import family
from intaglio.bench.results import BenchError, Record, Results
from intaglio.bench.run import facts
from intaglio.errors import BudgetError
from intaglio.measures.identity import SAME

if TYPE_CHECKING:
    from intaglio.bench.picture_set import Rgb

OURS = ("fasdiff", ours.FOCUSED)
COUNTS: dict[Count, str] = {"bytes": "file", "payload": "payload"}


@functools.cache
def _lpips(features: Path | None) -> Any:
    from intaglio.measures.lpips_alex import LpipsAlex

    return LpipsAlex(features)


def _search(peer: str, name: str, rgb: Rgb, features: Path | None, out: Path) -> list[Record]:
    """In a worker: the best of a peer under every limit, of its whole file and of its payload."""
    import torch

    torch.set_num_threads(1)  # a process a core
    lpips, trials, records = _lpips(features), Trials(rgb), []
    original = lpips.describe(rgb)
    for count in COUNTS:
        for limit in LIMITS:
            fit = best_under(peer, rgb, limit, lambda _, d: lpips.compare(original, lpips.describe(d)), count, trials)
            codec = f"{peer} ({COUNTS[count]})"
            record: Record = {"codec": codec, "setting": float(limit), "picture": name, "bytes": None}
            if fit is not None:
                data = trials.files[fit.variant, fit.setting]
                coding.store(coding.place(out, codec, limit, name), data, fit.decoded)
                counted = fit.bytes if count == "bytes" else fit.payload
                record |= {"bytes": fit.bytes, "counted": counted, "variant": fit.variant, "fine": fit.setting}
            records.append(record)
    return records


def measure(
    folder: Path,
    out: Path,
    size: int,
    limit: int | None,
    names: Sequence[str],
    features: Path | None,
    say: Callable[[str], None],
) -> None:
    """Codes, judges, writes OUT/results.jsonl and OUT/barcode.md, and says the table."""
    from rich.console import Console
    from rich.progress import Progress

    from intaglio import measures as metrics
    from intaglio.bench import peers

    found = pictures.load(folder, size, limit)
    bases = sorted({family(name) for name in names})
    _, missing = peers.available(bases)
    measures, unmeasured = metrics.available(features, faces=True)
    measures = [
        m for m in measures if m.name in ("psnr", "lpips", "dists", "eld", "identity", "recogniser", "detected")
    ]
    if all(m.name != "lpips" for m in measures):
        raise BenchError(unmeasured["lpips"])
    results = Results(out)
    run_ = {
        "set": folder.resolve().name,
        "pictures": list(found),
        "digest": pictures.digest(found),
        "facts": facts(OURS),
    }
    if results.run and results.run["digest"] != run_["digest"]:
        raise BenchError(f"{out} holds a run on other pictures: name another folder")
    results.renew(OURS, run_)
    bases = [base for base in bases if base not in missing]
    jobs = [
        (base, name, rgb, features, out)
        for name, rgb in found.items()
        for base in bases
        if any(
            (f"{base} ({word})", float(size_), name) not in results.rows for word in COUNTS.values() for size_ in LIMITS
        )
    ]
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("peers", total=len(jobs))
        with workers.pool() as pool:
            for future in as_completed([pool.submit(_search, *job) for job in jobs]):
                for record in future.result():
                    results.add("row", _judged(record, found, measures, out))
                bar.advance(task)
        todo = [(codec, name, size_) for codec in OURS for name in found for size_ in LIMITS]
        reader, task = ours.Reader(), bar.add_task("ours", total=len(todo))
        for codec, name, size_ in todo:
            if (codec, float(size_), name) not in results.rows:
                record = _ours(codec, name, found[name], size_, reader, out)
                results.add("row", _judged(record, found, measures, out))
            bar.advance(task)
    text = document(results, [m.name for m in measures], list((missing | unmeasured).values()))
    (out / "barcode.md").write_text(text)
    say(text)


def _ours(codec: str, name: str, rgb: Rgb, limit: int, reader: ours.Reader, out: Path) -> Record:
    record: Record = {"codec": codec, "setting": float(limit), "picture": name}
    try:
        data = ours.encode(codec, rgb, limit, 0)
    except BudgetError:
        return record | {"bytes": None}
    coding.store(coding.place(out, codec, limit, name), data, reader(codec, data, 4, 1.0))
    return record | {"bytes": len(data), "counted": len(data), "variant": codec}


def _judged(record: Record, found: dict[str, Rgb], measures: Sequence[Any], out: Path) -> Record:
    """The record with its measures; without, where nothing fitted."""
    if record["bytes"] is None:
        return record
    rgb = found[record["picture"]]
    decoded = coding.read(coding.place(out, record["codec"], record["setting"], record["picture"]))[1]
    for measure in measures:
        record[measure.name] = measure.compare(measure.describe(rgb), measure.describe(decoded))
    return record


def document(results: Results, names: Sequence[str], left_out: Sequence[str]) -> str:
    """The protocol's table as Markdown: means over pictures, with the share that fitted and that is the same person."""
    lines = [f"## Barcode protocol: {results.run['set']}, {len(results.run['pictures'])} pictures\n"]
    lines += [f"- {key}: {value}" for key, value in results.run["facts"].items()]
    lines += [f"- left out: {sentence}" for sentence in left_out]
    table = []
    codecs = list(dict.fromkeys(codec for codec, _, _ in results.rows))
    for limit in LIMITS:
        for codec in sorted(codecs, key=lambda c: (c not in OURS, c)):
            rows = [r for (c, s, _), r in results.rows.items() if c == codec and s == limit]
            fitted = [r for r in rows if r["bytes"] is not None]
            row: Record = {"limit": limit, "codec": codec, "fitted": f"{len(fitted)}/{len(rows)}"}
            if fitted:
                row["bytes"] = round(float(np.mean([r["bytes"] for r in fitted])))
                for name in names:
                    values = [r[name] for r in fitted if r.get(name) is not None]
                    row[name] = round(float(np.mean(values)), 3) if values else None
                same = [r["identity"] < SAME for r in fitted if r.get("identity") is not None]
                row["same person %"] = round(100 * float(np.mean(same))) if same else None
                variants = [r["variant"] for r in fitted]
                row["most often"] = max(set(variants), key=variants.count)
            table.append(row)
    return "\n".join([*lines, "", summary.table(table), ""])
