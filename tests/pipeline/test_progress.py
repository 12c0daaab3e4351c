"""Progress of drawing: many small shares that add up to one, whatever is drawn."""

from __future__ import annotations

from pathlib import Path

import pytest

from intaglio import Codec
from intaglio.train.generated import picture


@pytest.fixture(scope="module")
def codec(tiny_cgdm: Path) -> Codec:
    return Codec("cgdm", weights=tiny_cgdm, device="cpu")


@pytest.mark.parametrize(("side", "least"), [(64, 5), (1100, 9)])
def test_shares_of_drawing_add_up_to_one(codec: Codec, side: int, least: int) -> None:
    data = codec.compress(picture(side, 1)[:48], quality=10)
    for options in ({}, {"realism": 0.0}, {"box": (0, 0, 40, 20)}):
        shares: list[float] = []
        codec.decompress(data, progress=shares.append, **options)  # type: ignore[arg-type]
        assert sum(shares) == pytest.approx(1)
        assert len(shares) >= least or options


@pytest.mark.parametrize("options", [{"quality": 10}, {"max_bytes": 500}, {"quality": 10, "effort": 1}])
def test_shares_of_coding_add_up_to_one(codec: Codec, options: dict[str, int]) -> None:
    shares: list[float] = []
    codec.compress(picture(2200, 1)[:40], progress=shares.append, **options)  # type: ignore[arg-type]
    assert sum(shares) == pytest.approx(1)
    assert len(shares) >= (1 if "max_bytes" in options else 3)
