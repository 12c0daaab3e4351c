"""Libraries that the peers need and the package does not."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from intaglio.bench.peers.peer import Missing


def library(module: str, package: str, what: str) -> Any:
    """A module of an optional package; Missing where it is not installed."""
    try:
        return import_module(module)
    except ImportError:
        raise Missing(f"{what} needs the package {package}; pip install 'intaglio[bench]' brings it.") from None
