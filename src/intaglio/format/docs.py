"""The generated parts of docs/format.md. `python -m intaglio.format.docs` rewrites them in place, from a checkout."""

import re
from pathlib import Path

from intaglio.format import chunks, sizes, streams
from intaglio.format.fields import FIELDS, Field

PATH = Path(__file__).parents[3] / "docs" / "format.md"


def table() -> str:
    """The header as a Markdown table, fields in the order of the file."""
    rows = ["| field | bits | bare | range | when | meaning | reason |", "|---|---|---|---|---|---|---|"]
    rows += [
        f"| {f.name} | {_width(f.full)} | {_width(f.bare)} | {_span(f)} | {f.when.text} | {f.meaning} | {f.reason} |"
        for f in FIELDS
    ]
    return "\n".join(rows)


def _width(bits: int | None) -> str:
    return "any" if bits is None else str(bits or "–")


def _span(field: Field) -> str:
    if field.low == field.high:
        return "" if field.high == 0 else field.show(field.low)
    return f"{field.low} – {field.high if field.high < 1 << 32 else 'all ones'}"


def _sizes() -> str:
    columns = 10
    rows = ["| code |" + "".join(f" +{i} |" for i in range(columns)), "|---|" + "---|" * columns]
    cells = ["explicit", *(f"{width}x{height}" for width, height in sizes.SIZES)]
    for first in range(0, len(cells), columns):
        row = cells[first : first + columns]
        rows.append(f"| {first} | " + " | ".join(row + [""] * (columns - len(row))) + " |")
    return "\n".join(rows)


def _streams() -> str:
    rows = ["| id | stream |", "|---|---|"]
    rows += [f"| {stream} | {name} |" for stream, name in streams.STREAMS.items()]
    return "\n".join(rows)


def _chunks() -> str:
    rows = ["| kind | name | critical | kept for |", "|---|---|---|---|"]
    for code, kind in chunks.KINDS.items():
        rows.append(f"| {code:02x} | {kind.name} | {'yes' if code >= chunks.CRITICAL else 'no'} | {kind.use} |")
    return "\n".join(rows)


PARTS = {"header": table, "streams": _streams, "sizes": _sizes, "chunks": _chunks}


def renew(text: str) -> str:
    """The document with what stands between `<!-- NAME -->` and `<!-- /NAME -->` generated anew."""
    for name, part in PARTS.items():
        pieces = re.split(rf"(?<=<!-- {name} -->\n).*?(?=<!-- /{name} -->)", text, flags=re.DOTALL)
        if len(pieces) != 2:
            raise ValueError(f"the document needs one pair of {name} markers, it has {len(pieces) - 1}")
        text = f"{pieces[0]}{part()}\n{pieces[1]}"
    return text


if __name__ == "__main__":
    PATH.write_text(renew(PATH.read_text("utf-8")), "utf-8")
