"""A photograph to a symbol for print: framed, coded to what the symbol has left, signed, drawn, and read again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from os import PathLike
from typing import TYPE_CHECKING

from intaglio.barcode import budget, finding, keyring, printing, symbols, wraps
from intaglio.barcode.budget import Layout
from intaglio.barcode.card import Card, Claim
from intaglio.barcode.failures import BarcodeError
from intaglio.barcode.signing import LENGTH, Signer
from intaglio.barcode.symbols import KINDS, Content, Modules
from intaglio.codec import compress
from intaglio.errors import OptionError
from intaglio.options import Frame
from intaglio.pipeline import classic

if TYPE_CHECKING:
    from intaglio.image import Source

LARGEST = 512  # pixels of a side that a classic codec codes of a picture that is not framed


@dataclass(frozen=True)
class Symbol:
    """A symbol for print.

    Args:
        modules: (h, w), True is dark, without the quiet zone. layout: as it was asked for.
        content: what the symbol holds. portrait: the bare file inside. signature_bytes: of the content.
    """

    modules: Modules
    layout: Layout
    content: bytes
    portrait: bytes
    signature_bytes: int

    @property
    def portrait_bytes(self) -> int:
        return len(self.portrait)

    @property
    def wrapper_bytes(self) -> int:
        """What is neither portrait nor signature: text, claims, last day, key's id and the wrap's own."""
        return len(self.content) - self.portrait_bytes - self.signature_bytes

    def png(self) -> bytes:
        """A PNG of 8 pixels a module, with the dpi that make a module as wide as was asked."""
        return printing.png(self.modules, self._quiet, self.layout.module_mm)

    def svg(self) -> bytes:
        """An SVG in millimetres."""
        return printing.svg(self.modules, self._quiet, self.layout.module_mm)

    def pdf(self) -> bytes:
        """A PDF page as large as the symbol and its quiet zone."""
        return printing.pdf(self.modules, self._quiet, self.layout.module_mm)

    @property
    def _quiet(self) -> int:
        return KINDS[self.layout.symbol].quiet

    def __str__(self) -> str:
        kind, (height, width) = KINDS[self.layout.symbol], self.modules.shape
        version = f" version {(width - 17) // 4}" if self.layout.symbol == "qr" else ""
        level = f" {self.layout.strength}" if kind.levels else ""
        return (
            f"{kind.title}{version}{level}, {width}x{height} modules, {width * self.layout.module_mm:.0f} mm at "
            f"{self.layout.module_mm:g} mm: {self.portrait_bytes} bytes of portrait, {self.signature_bytes} of signature, "
            f"{self.wrapper_bytes} of wrapper"
        )


def make(
    image: Source,
    layout: Layout | None = None,
    *,
    wrap: str = "bare",
    text: str = "",
    claims: Mapping[str, Claim] | None = None,
    expires: date | None = None,
    key: Signer | str | PathLike[str] | None = None,
    codec: str = "fasdiff",
    frame: Frame | None = "token",
    effort: int = 0,
) -> Symbol:
    """A portrait as a symbol that holds it. Safe to call from several threads at once.

    Args:
        image: as `Codec.compress` takes it.
        layout: which symbol, and how large; by default a QR code of 85x85 modules at level M.
        wrap: what the symbol's bytes are, of `wraps.WRAPS`.
        text, claims, expires: what stands beside the portrait (`card.Card`).
        key: a private key that signs all of it, or the PEM file of one.
        codec: of `codecs.CODECS`, "auto", or one of `pipeline.classic.CLASSICS`.
        frame: how the face is cut, as `CompressOptions` has it; None takes the picture as it is.
        effort: of compression, 0 to 9.

    Raises:
        PictureError: no face to frame, or as `Codec.compress`. BudgetError, OptionError: the symbol is too small for it.
        BarcodeError: the symbol does not read back as it was written.
    """
    layout = layout or Layout()
    if wrap not in wraps.WRAPS:
        raise OptionError(f"wrap is {wrap!r}, allowed are {', '.join(wraps.WRAPS)}")
    card = Card(text, dict(claims or {}), expires)
    signer = key if isinstance(key, Signer) or key is None else keyring.private(key)

    def pack(portrait: bytes) -> Content:
        return wraps.wrap(wrap).pack(portrait, card, signer)

    room = budget.room(layout, pack)
    portrait = _portrait(image, codec, room, frame, effort)
    content = pack(portrait)
    modules = symbols.encode(layout.symbol, content, layout.strength, layout.side())
    symbol = Symbol(
        modules, layout, content.encode() if isinstance(content, str) else content, portrait, LENGTH if signer else 0
    )
    _check(symbol)
    return symbol


def _portrait(image: Source, codec: str, room: int, frame: Frame | None, effort: int) -> bytes:
    """The bare file of a portrait, in at most so many bytes."""
    if codec not in classic.CLASSICS:
        return compress(image, codec=codec, max_bytes=room, bare=True, frame=frame, effort=effort)
    from intaglio.faces import frames
    from intaglio.image import as_picture, limit, to_rgb

    rgb, _ = to_rgb(as_picture(image))
    return classic.encode(frames.frame(rgb, frame) if frame else limit(rgb, LARGEST), codec, room)


def _check(symbol: Symbol) -> None:
    """Reads the symbol as it is printed. Raises BarcodeError where a byte differs."""
    kind = KINDS[symbol.layout.symbol]
    look = next(finding.looks(printing.raster(symbol.modules, kind.quiet)))
    if [seen.content for seen in look.whole] != [symbol.content] or wraps.unpack(
        symbol.content
    ).portrait != symbol.portrait:
        raise BarcodeError("the symbol does not read back as it was written: take another size or kind of symbol")
