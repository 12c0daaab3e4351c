"""The four symbols: their sizes and levels of error correction, and content to modules by zxing-cpp.

Nothing is reckoned here that the library knows: whether content fits is tried.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np
import zxingcpp
from numpy.typing import NDArray

from intaglio.errors import OptionError

Modules = NDArray[np.bool_]  # (h, w), True is dark, without the quiet zone
Content = bytes | str
"""Of a symbol: any bytes, or text that its denser modes hold."""


class TooLong(Exception):
    """The content does not fit."""


@dataclass(frozen=True)
class Kind:
    """A kind of symbol.

    Args:
        title: for people. format: zxing-cpp's name of it.
        levels: of error correction, weakest first; none where the standard has but one. level: the default.
        side: modules of its width, by default.
        quiet: modules of light around it that the standard asks for; one more than none where it asks for none.
    """

    title: str
    format: str
    levels: tuple[str, ...]
    level: str
    side: int
    quiet: int


KINDS = {
    "qr": Kind("QR", "QRCode", ("L", "M", "Q", "H"), "M", 85, 4),
    "aztec": Kind("Aztec", "Aztec", ("10", "23", "36", "50"), "23", 91, 1),
    "datamatrix": Kind("Data Matrix", "DataMatrix", (), "", 88, 1),
    "pdf417": Kind("PDF417", "PDF417", tuple("012345678"), "5", 205, 2),
}
STACKED, COLUMN, ROW = 69, 17, 3  # modules of a PDF417: its start and stop, a column's width, a row's height
VERSIONS = {"qr": 40, "aztec": 36, "datamatrix": 24}


def level_of(name: str, level: str | None) -> str:
    """The level that is asked for, or the default.

    Raises:
        OptionError: the symbol has no such level.
    """
    kind = KINDS[name]
    if level is None:
        return kind.level
    wanted = level.upper().rstrip("%")
    if wanted not in kind.levels:
        allowed = ", ".join(kind.levels) or "none: its error correction is fixed"
        raise OptionError(f"level is {level!r}, and of {kind.title} allowed are {allowed}")
    return wanted


@functools.cache
def sides(name: str) -> dict[int, int]:
    """Every width in modules that a symbol can have, ascending, with the number that the library asks for it by."""
    if name == "pdf417":
        return {STACKED + COLUMN * columns: columns for columns in range(1, 31)}
    found: dict[int, int] = {}
    for version in range(1, VERSIONS[name] + 1):
        try:
            found.setdefault(_modules(name, b"0", version=version).shape[1], version)
        except TooLong:  # the smallest Data Matrix holds no byte
            continue
    return dict(sorted(found.items()))


def side_within(name: str, modules: float) -> int:
    """The largest width of a symbol that is at most so many modules.

    Raises:
        OptionError: the smallest is larger.
    """
    known = [side for side in sides(name) if side <= modules]
    if not known:
        raise OptionError(
            f"{KINDS[name].title} has {min(sides(name))} modules a side or more: {modules:g} are too few for one"
        )
    return known[-1]


def encode(name: str, content: Content, level: str, side: int | None = None) -> Modules:
    """The modules of a symbol of a given width, or of the smallest that holds the content.

    A PDF417 is never higher than wide, and without a width it has 8 columns or as many as it takes.

    Raises:
        TooLong: it does not fit.
    """
    if name == "pdf417":
        for columns in [sides(name)[side]] if side else range(8, 31):
            if (modules := _stacked(content, level, columns)) is not None:
                return modules
        raise TooLong
    modules = _modules(name, content, level=level)
    if side is None or modules.shape[1] == side:
        return modules
    if modules.shape[1] > side:
        raise TooLong
    return _modules(name, content, level=level, version=sides(name)[side])


def _stacked(content: Content, level: str, columns: int) -> Modules | None:
    try:
        modules = _modules("pdf417", content, level=level, columns=columns)
    except TooLong:
        return None
    height, width = modules.shape
    return modules if width == STACKED + COLUMN * columns and height <= width else None


def _modules(name: str, content: Content, *, level: str = "", **options: Any) -> Modules:
    if level:
        options["ec_level"] = f"{level}%" if name == "aztec" else level
    if name == "datamatrix":
        options["force_square"] = True
    if isinstance(content, bytes):
        options["eci"] = -1  # plain byte mode: some readers refuse the mark of binary data, which takes two bytes
    try:
        symbol = zxingcpp.create_barcode(content, getattr(zxingcpp, KINDS[name].format), **options)
    except ValueError as error:
        raise TooLong from error
    return np.asarray(symbol.to_image(add_quiet_zones=False)) < 128
