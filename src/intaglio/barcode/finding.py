"""Symbols in a photograph, by zxing-cpp: as it is first, then enlarged and smoothed, where modules are few pixels wide."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import zxingcpp
from PIL import Image, ImageFilter

from intaglio.barcode.symbols import KINDS

FORMATS = zxingcpp.barcode_formats_from_str(",".join(kind.format for kind in KINDS.values()))
ENLARGED = 2500  # pixels: a longer side above this is not doubled


NAMES = {getattr(zxingcpp, kind.format): name for name, kind in KINDS.items()}


@dataclass(frozen=True)
class Found:
    """A symbol that was read.

    Args:
        symbol: of `symbols.KINDS`. content: its bytes.
    """

    symbol: str
    content: bytes


@dataclass(frozen=True)
class Look:
    """What one way of looking at a picture shows.

    Args:
        whole: the symbols that were read. broken: how many are seen, and lost more than their error correction mends.
    """

    whole: list[Found]
    broken: int


def looks(image: Image.Image) -> Iterator[Look]:
    """A picture looked at in one way after another, each when it is asked for."""
    for grey in _ways(image.convert("L")):
        symbols = zxingcpp.read_barcodes(
            np.ascontiguousarray(grey), formats=FORMATS, text_mode=zxingcpp.TextMode.Plain, return_errors=True
        )
        whole = [Found(NAMES[symbol.symbology], bytes(symbol.bytes)) for symbol in symbols if symbol.valid]
        yield Look(whole, len(symbols) - len(whole))


def _ways(grey: Image.Image) -> Iterator[Image.Image]:
    yield grey
    small = max(grey.size) <= ENLARGED
    larger = grey.resize((2 * grey.width, 2 * grey.height), Image.Resampling.BICUBIC) if small else grey
    if small:
        yield larger
    yield larger.filter(ImageFilter.UnsharpMask(radius=3, percent=200, threshold=0))
    yield larger.filter(ImageFilter.GaussianBlur(1.5))
