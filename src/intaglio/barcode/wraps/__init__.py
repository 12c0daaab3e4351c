"""What the bytes of a symbol are: a bare .itg file, or a format that others read, with one inside."""

from __future__ import annotations

from importlib import import_module
from typing import Protocol, cast

from intaglio.barcode.card import Card, Opened
from intaglio.barcode.signing import Signer
from intaglio.barcode.wraps.idb import START

WRAPS = ("bare", "claim169", "idb")
_BASE45 = frozenset(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:")


class Wrap(Protocol):
    """A module of this package."""

    def pack(self, portrait: bytes, card: Card, signer: Signer | None) -> bytes | str:
        """The content of a symbol, of a bare file and what stands beside it."""

    def unpack(self, content: bytes) -> Opened:
        """What a content holds. Raises NotOurs."""


def wrap(name: str) -> Wrap:
    """One of `WRAPS`."""
    return cast(Wrap, import_module(f"{__name__}.{name}"))


def unpack(content: bytes) -> Opened:
    """What a content holds, whichever wrap it has. Raises NotOurs."""
    if content.startswith(START):
        return wrap("idb").unpack(content)
    return wrap("claim169" if _BASE45.issuperset(content) else "bare").unpack(content)
