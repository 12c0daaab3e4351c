"""A photograph of a card to the portrait in its symbol: found, unwrapped, verified, and only then drawn."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from os import PathLike
from typing import TYPE_CHECKING

from intaglio.barcode import finding, wraps
from intaglio.barcode.card import Claim, Opened
from intaglio.barcode.failures import DamagedSymbol, Expired, NoSymbol, NotOurs, NotSigned, NotYet
from intaglio.barcode.keyring import Keyring
from intaglio.codec import decompress
from intaglio.errors import PictureError

if TYPE_CHECKING:
    from PIL import Image

    from intaglio.image import Source


@dataclass(frozen=True)
class Reading:
    """What a symbol said.

    Args:
        image: the portrait, drawn. portrait: its bare file.
        symbol: of `symbols.KINDS`. wrap: of `wraps.WRAPS`.
        text, claims, expires: what stands beside it.
        key_id: of the key that is said to have signed it; None where nobody did.
        signer: name of the key that did, verified; None where no keys were given to verify by.
    """

    image: Image.Image
    portrait: bytes
    symbol: str
    wrap: str
    text: str
    claims: Mapping[str, Claim]
    expires: date | None
    key_id: bytes | None
    signer: str | None

    @property
    def verified(self) -> bool:
        """Whether one of the keys given signed all that is here."""
        return self.signer is not None


def read(image: Source, *, keys: Keyring | str | PathLike[str] | None = None, today: date | None = None) -> Reading:
    """The portrait of the symbol that a picture shows. Safe to call from several threads at once.

    Args:
        image: a photograph or scan, as `image.as_picture` takes it, or the bytes or path of a PDF.
        keys: public keys, a PEM file, or a folder of them: nothing is drawn but what one of them signed.
        today: the day that a card's first and last are compared with, by default of the clock (UTC).

    Raises:
        failures.BarcodeError: of a kind that says why. PictureError: the picture cannot be read, or shows two cards.
    """
    ring = keys if isinstance(keys, Keyring) or keys is None else Keyring.of(keys)
    symbol, opened = _one(_pictures(image))
    signer = None
    if ring is not None:
        if opened.signature is None:
            raise NotSigned("nobody signed the card, and keys are given to verify it by")
        signer = ring.verify(opened.signature).name
    now, first, last = today or datetime.now(UTC).date(), opened.card.begins, opened.card.expires
    if last is not None and now > last:
        raise Expired(f"the card's last day was {last}")
    if first is not None and now < first:
        raise NotYet(f"the card's first day will be {first}")
    picture = decompress(opened.portrait, bare=True)
    return Reading(
        picture, opened.portrait, symbol, opened.wrap, opened.card.text, opened.card.claims, last,
        opened.signature.key_id if opened.signature else None, signer,
    )  # fmt: skip


def _one(pictures: Iterable[Image.Image]) -> tuple[str, Opened]:
    """The one card that the pictures show."""
    cards, strange, broken = dict[bytes, tuple[str, Opened]](), list[NotOurs](), 0
    for picture in pictures:
        for look in finding.looks(picture):
            broken += look.broken
            seen = [_opened(found, strange) for found in look.whole]
            cards |= {opened.portrait: (symbol, opened) for symbol, opened in filter(None, seen)}
            if any(seen):
                break
    if len(cards) > 1:
        raise PictureError(f"the picture shows {len(cards)} cards with portraits: photograph one")
    if cards:
        return next(iter(cards.values()))
    if strange:
        raise strange[0]
    if broken:
        raise DamagedSymbol("a symbol is seen and cannot be read: photograph it sharper, whole and without glare")
    raise NoSymbol("no symbol is to be seen: photograph it nearer, sharper and whole")


def _opened(found: finding.Found, strange: list[NotOurs]) -> tuple[str, Opened] | None:
    try:
        return found.symbol, wraps.unpack(found.content)
    except NotOurs as error:
        strange.append(error)
        return None


def _pictures(image: Source) -> Iterator[Image.Image]:
    from intaglio.barcode.pages import pages
    from intaglio.image import as_picture

    drawn = pages(image)
    yield from drawn if drawn is not None else [as_picture(image)]
