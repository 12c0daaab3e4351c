"""Tables and documents in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from intaglio.bench.results import Record


def table(rows: Sequence[Record]) -> str:
    """The columns are all keys in the order in which they come; a row that lacks one shows a dash."""
    names = list(dict.fromkeys(key for row in rows for key in row))
    lines = [f"| {' | '.join(names)} |", f"|{'---|' * len(names)}"]
    lines += [f"| {' | '.join(shown(row.get(name)) for name in names)} |" for row in rows]
    return "\n".join(lines)


def shown(value: Any) -> str:
    """A figure for people: whole above a thousand, else four digits."""
    if isinstance(value, float):
        return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    return "–" if value is None else str(value)


def sentence(facts: Mapping[str, str]) -> str:
    """Date, machine, weights and command of a measurement, as one short paragraph."""
    weights = sorted({f"{key.removeprefix('weights of ').partition('/')[0]} {value}" for key, value in facts.items()
                      if key.startswith("weights of ")})  # fmt: skip
    where = ", ".join([facts["date"], facts["machine"], facts["precision"], f"torch {facts['torch']}", *weights])
    return f"{where}: `{facts['command']}`."


def document(
    title: str, facts: Mapping[str, str], left_out: Iterable[str], tables: Mapping[str, Sequence[Record]]
) -> str:
    """One measurement: heading, facts, what was left out, and tables under their headings ("" for none) where they have rows."""
    parts = [f"## {title}", sentence(facts), *(f"Left out: {reason}" for reason in left_out)]
    for heading, rows in tables.items():
        if not rows:
            continue
        parts += [f"### {heading}"] * bool(heading) + [table(rows)]
    return "\n\n".join(parts) + "\n"
