"""Tables of a TOML file read into frozen dataclasses: what is not known is an error, and so is a value of another type."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from intaglio.train.training_errors import RecipeError

T = TypeVar("T")
Table = Mapping[str, object]
_NAMES = {int: "an integer", float: "a number", bool: "true or false", str: "a string"}


def refuse_unknown(keys: Iterable[str], known: Iterable[str], where: str) -> None:
    """Raises RecipeError for a key that is not known, and names those that are."""
    for key in keys:
        if key not in known:
            raise RecipeError(f"{where}: unknown key {key!r}; known are {', '.join(known)}")


def checked(cls: type[Any], table: Table, where: str) -> dict[str, Any]:
    """The values of a table that fills a dataclass, or some of its fields.

    Raises:
        RecipeError: a key that the class does not have, or a value of another type.
    """
    hints = get_type_hints(cls)
    refuse_unknown(table, hints, where)
    return {key: _value(value, hints[key], f"{where} {key}") for key, value in table.items()}


def filled(cls: type[T], table: Table, where: str) -> T:
    """A dataclass from a table; `where` names file and table in errors. A class with `from_table` reads its own tables.

    Raises:
        RecipeError: as `checked`, or a key is missing.
    """
    values = checked(cls, table, where)
    for field in fields(cls):  # type: ignore[arg-type]
        if field.name not in values and field.default is MISSING and field.default_factory is MISSING:
            raise RecipeError(f"{where}: {field.name} is missing")
    return cls(**values)


def _value(value: object, kind: Any, where: str) -> object:
    if get_origin(kind) is Mapping and isinstance(value, dict):
        return {name: _value(part, get_args(kind)[1], f"{where}.{name}") for name, part in value.items()}
    if get_origin(kind) is tuple and isinstance(value, list):
        return tuple(_value(part, get_args(kind)[0], f"{where} {i}") for i, part in enumerate(value, 1))
    if isinstance(kind, type) and is_dataclass(kind) and isinstance(value, dict):
        read = getattr(kind, "from_table", None)
        return read(value, where) if read else filled(kind, value, where)
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is not kind:
        raise RecipeError(f"{where} must be {_NAMES.get(kind, 'a table')}, not {value!r}")
    return value
