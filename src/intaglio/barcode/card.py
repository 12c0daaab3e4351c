"""What a symbol says beside the portrait, and what one was found to say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from intaglio.barcode.signing import Signature

Claim = str | int
EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class Card:
    """What stands beside the portrait, and is signed with it.

    Args:
        text: a short plain text, of `bare` symbols.
        claims: by name, of `claim169` and `idb` symbols.
        expires: the last day on which the card counts.
        begins: the first; of cards that others wrote, ours count at once.
    """

    text: str = ""
    claims: Mapping[str, Claim] = field(default_factory=dict)
    expires: date | None = None
    begins: date | None = None


@dataclass(frozen=True)
class Opened:
    """What a symbol holds, taken out of its wrap; nothing is verified yet."""

    wrap: str
    portrait: bytes
    card: Card
    signature: Signature | None
