"""Options out of a query string, by the names that the options' fields have; `bytes` stands for `max_bytes`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from intaglio.errors import OptionError
from intaglio.options import CompressOptions, DecompressOptions
from intaglio.serve.limits import Limits, Refusal

COMPRESS = {
    "quality": float, "bytes": int, "focus": str, "bare": bool, "frame": str, "background": str, "max_side": int,
}  # fmt: skip
DECOMPRESS = {"steps": int, "realism": float, "seed": int, "bare": bool, "length": int}
"""What may be asked for, and its type. Effort is not: it would take a worker for minutes."""


def compress_options(query: Mapping[str, str]) -> CompressOptions:
    """Raises Refusal (422) for what is unknown or out of its range."""
    values = _values(query, COMPRESS)
    if "bytes" in values:
        values["max_bytes"] = values.pop("bytes")
    return _made(CompressOptions, values)


def decompress_options(query: Mapping[str, str], limits: Limits) -> DecompressOptions:
    """Raises as `compress_options`."""
    values = _values(query, DECOMPRESS)
    return _made(DecompressOptions, values | {"max_pixels": limits.pixels, "max_seconds": limits.seconds})


def _made(kind: type[Any], values: dict[str, Any]) -> Any:
    try:
        return kind(**values)
    except OptionError as error:
        raise Refusal(422, str(error)) from None


def _values(query: Mapping[str, str], types: Mapping[str, type]) -> dict[str, Any]:
    values = dict[str, Any]()
    for name, text in query.items():
        if name not in types:
            raise Refusal(422, f"there is no option {name}: allowed are {', '.join(types)}")
        values[name] = _value(name, text, types[name])
    return values


def _value(name: str, text: str, kind: type) -> Any:
    if kind is bool:
        if text not in ("0", "1", "false", "true"):
            raise Refusal(422, f"{name} is {text!r}, allowed are true and false")
        return text in ("1", "true")
    try:
        return kind(text)
    except ValueError:
        raise Refusal(422, f"{name} is {text!r}, wanted is a {'whole ' if kind is int else ''}number") from None
