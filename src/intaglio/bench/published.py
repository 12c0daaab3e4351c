"""Curves that others published (docs/published.toml), drawn beside measured ones of the same set and measure."""

from __future__ import annotations

import tomllib
from pathlib import Path

from intaglio.bench.results import BenchError, Record


def curves(file: Path | None, pictures: str) -> list[Record]:
    """Those of a set of pictures by its name, each with codec, measure and points (bits a pixel, value); none without a file."""
    if file is None:
        return []
    try:
        return [c for c in tomllib.loads(file.read_text("utf-8"))["curve"] if c["set"].lower() == pictures.lower()]
    except (tomllib.TOMLDecodeError, KeyError) as error:
        raise BenchError(f"{file} is no table of published curves ({error}): docs/published.toml is one") from error
