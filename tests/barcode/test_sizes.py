"""All four symbols at their smallest and largest sizes, filled, and read back byte for byte; and what takes too much is refused."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from intaglio.barcode import finding
from intaglio.barcode.printing import raster
from intaglio.barcode.symbols import KINDS, TooLong, encode, level_of, side_within, sides

ENDS = {"qr": (21, 177), "aztec": (15, 151), "datamatrix": (10, 144), "pdf417": (86, 579)}
LARGEST = {
    "qr": 2953,
    "aztec": 1700,
    "datamatrix": 1500,
    "pdf417": 1000,
}  # bytes: exact for QR, else at least 95 of 100


def fits(name: str, length: int, level: str, side: int) -> bytes | None:
    """So many random bytes, if a symbol holds them."""
    content = np.random.default_rng(length).bytes(length)
    try:
        encode(name, content, level, side)
    except TooLong:
        return None
    return content


@pytest.mark.parametrize("name", KINDS)
def test_smallest_and_largest_read_back_filled(name: str) -> None:
    levels = KINDS[name].levels or ("",)
    assert (min(sides(name)), max(sides(name))) == ENDS[name]
    for side in ENDS[name]:
        for level in (levels[0], levels[-1]):
            under, over = 0, 3000
            while over - under > 1:
                middle = (under + over) // 2
                under, over = (under, middle) if fits(name, middle, level, side) is None else (middle, over)
            if not under:
                assert side == ENDS[name][0]  # the smallest of the strongest level hold nothing
                continue
            content = fits(name, under, level, side)
            assert content is not None
            modules = encode(name, content, level, side)
            assert modules.shape[1] == side and modules.shape[0] <= side
            look = next(finding.looks(raster(modules, KINDS[name].quiet, 3)))
            assert [found.content for found in look.whole] == [content], (side, level)
            if level == levels[0] and side == ENDS[name][1]:
                assert under >= 0.95 * LARGEST[name]


def test_widths_and_levels_are_those_of_the_standards() -> None:
    assert side_within("qr", 88) == 85 and side_within("aztec", 84.9) == 83
    assert level_of("qr", "q") == "Q" and level_of("aztec", "36%") == "36" and level_of("pdf417", None) == "5"


@pytest.mark.parametrize("degrees", [0, 12, -30, 44])
def test_turned_symbols_are_levelled(degrees: int) -> None:
    content = b"a stacked symbol, which readers want level"
    picture = (
        raster(encode("pdf417", content, "5"), 20, 4)
        .convert("L")
        .rotate(degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=255)
    )
    assert abs(finding.slant(picture) + degrees) < 2
    assert any(content == found.content for look in finding.looks(picture) for found in look.whole)
