"""Symbols in a photograph, by zxing-cpp: as it is first, then turned level, enlarged, sharpened and smoothed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import zxingcpp
from PIL import Image, ImageFilter

from intaglio.barcode.symbols import KINDS

FORMATS = zxingcpp.barcode_formats_from_str(",".join(kind.format for kind in KINDS.values()))
ENLARGED = 2500  # pixels: a longer side above this is not doubled
SEARCHED = 1000  # pixels of the longer side, in which edges are measured
LEVEL = 2.0  # degrees, from which on a picture is turned: the readers of stacked symbols take little more


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
    angle = slant(grey)
    if abs(angle) > LEVEL:
        grey = grey.rotate(angle, Image.Resampling.BICUBIC, expand=True, fillcolor=255)
        yield grey
    if max(grey.size) <= ENLARGED:
        grey = grey.resize((2 * grey.width, 2 * grey.height), Image.Resampling.BICUBIC)
        yield grey
    yield grey.filter(ImageFilter.UnsharpMask(radius=3, percent=200, threshold=0))
    yield grey.filter(ImageFilter.GaussianBlur(1.5))


def slant(grey: Image.Image) -> float:
    """By how many degrees most edges are turned away from level and upright, -45 to 45, clockwise as seen.

    The mean direction of the gradients by their squares, of four times the angle, as a quarter turn changes nothing.
    """
    small = grey.copy()
    small.thumbnail((SEARCHED, SEARCHED))
    small = small.filter(
        ImageFilter.GaussianBlur(1.5)
    )  # at sharp edges differences of neighbours have no true direction
    if min(small.size) < 2:
        return 0.0
    down, right = np.gradient(np.asarray(small, dtype=np.float64))
    gradients = right + 1j * down
    fourfold = np.sum(np.where(gradients, gradients**4 / np.maximum(np.abs(gradients), 1e-9) ** 2, 0))
    return float(np.degrees(np.angle(fourfold)) / 4)
