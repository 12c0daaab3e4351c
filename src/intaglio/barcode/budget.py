"""How many bytes a symbol leaves for the portrait: found by filling it."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from intaglio import format
from intaglio.barcode import symbols
from intaglio.barcode.symbols import KINDS, Content, TooLong
from intaglio.errors import OptionError
from intaglio.format.streams import PLAIN
from intaglio.options import number, whole

MODULE = 0.33  # mm, what office printers and phones are good for
LARGEST = 3000  # bytes: no symbol holds so many
LEAST = 6  # bytes: a header, a checksum and one of payload
FILLER = random.Random(1).randbytes(LARGEST)  # no compression makes it smaller


@dataclass(frozen=True)
class Layout:
    """Which symbol, and how large. At most one of `modules`, `portrait` and `mm`; by default 85 modules, or nearly.

    Args:
        symbol: of `symbols.KINDS`.
        level: of error correction, as the symbol's standard names it.
        modules: width of the symbol, without its quiet zone, at most.
        portrait: bytes of the portrait, at most; the symbol is the smallest that holds them and all else.
        mm: width of the symbol in print, at most. module_mm: of a module.

    Raises:
        OptionError: one of them is out of its range, or two are given that say the same.
    """

    symbol: str = "qr"
    level: str | None = None
    modules: int | None = None
    portrait: int | None = None
    mm: float | None = None
    module_mm: float = MODULE

    def __post_init__(self) -> None:
        if self.symbol not in KINDS:
            raise OptionError(f"symbol is {self.symbol!r}, allowed are {', '.join(KINDS)}")
        symbols.level_of(self.symbol, self.level)
        if sum(size is not None for size in (self.modules, self.portrait, self.mm)) > 1:
            raise OptionError("the size is said twice: give one of modules, bytes and mm")
        if self.modules is not None:
            whole("modules", self.modules, 1)
        if self.portrait is not None:
            whole("bytes", self.portrait, LEAST, LARGEST)
        number("module_mm", self.module_mm, 0.05, 10)
        if self.mm is not None:
            number("mm", self.mm, 1, 1000)

    @property
    def strength(self) -> str:
        """The level, by default the symbol's."""
        return symbols.level_of(self.symbol, self.level)

    def side(self) -> int | None:
        """Width of the symbol in modules; None where it follows from the bytes. Raises OptionError: too small for any."""
        if self.portrait is not None:
            return None
        wanted = self.modules or KINDS[self.symbol].side
        return symbols.side_within(self.symbol, self.mm / self.module_mm + 1e-9 if self.mm is not None else wanted)


def room(layout: Layout, pack: Callable[[bytes], Content]) -> int:
    """The longest portrait that a symbol holds, in bytes.

    Args:
        pack: a portrait to the content of the symbol, with all that stands beside it.

    Raises:
        OptionError: what is asked for, or what stands beside the portrait, is more than the symbol holds.
    """
    kind, side = KINDS[layout.symbol], layout.side()

    def fits(length: int) -> bool:
        try:
            symbols.encode(layout.symbol, pack(filled(length)), layout.strength, side)
        except TooLong:
            return False
        return True

    most = layout.portrait or LARGEST
    if fits(most):
        return most
    if layout.portrait:
        raise OptionError(f"no {kind.title} at this level holds {most} bytes of portrait and what stands beside it")
    under, over = LEAST - 1, most
    while over - under > 1:
        middle = (under + over) // 2
        under, over = (middle, over) if fits(middle) else (under, middle)
    if under < LEAST:
        raise OptionError(
            f"a {kind.title} of {side} modules has no room for a portrait beside the rest: take a larger one, or say less"
        )
    return under


def filled(length: int) -> bytes:
    """A bare file of a length, as dense as one can be."""
    header = format.Header(width=16, height=16, quality=0, stream=PLAIN)
    return format.write(header, FILLER[: length - (LEAST - 1)], seed=0, bare=True)
