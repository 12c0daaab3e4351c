"""How long work tells those who wait how far it is."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[float], object]
"""Told each share of a work that is done; what it raises ends the work."""


def ignored(share: float) -> None:
    """Progress that nobody wants to know of."""
