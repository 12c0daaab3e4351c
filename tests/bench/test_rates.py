"""Rates from curves: against what arithmetic says."""

import numpy as np
import pytest

from intaglio.bench import rates
from intaglio.bench.results import Point

SIZES = (200, 400, 800, 1600)


def curve(codec: str, factor: float = 1.0, offset: float = 0.0, only: slice = slice(None)) -> list[Point]:
    """lpips falls with the logarithm of bytes, the same for three pictures of different difficulty."""
    points = []
    for size in SIZES[only]:
        rows = [
            {"counted": factor * size * hard, "pixels": 65536, "lpips": 1 - 0.1 * np.log2(size) + offset + 0.01 * hard}
            for hard in (0.8, 1.0, 1.2)
        ]
        points.append(Point(codec, size, rows))
    return points


def test_a_curve_of_three_quarters_of_the_bytes_is_25_percent_better() -> None:
    gain = rates.difference(curve("ours", 0.75), [curve("peer")], "lpips", lower=True)
    assert gain is not None
    assert gain.percent == pytest.approx(-25, abs=1e-6)
    assert gain.overlap == 1
    assert gain.low == pytest.approx(-25, abs=1e-6) and gain.high == pytest.approx(-25, abs=1e-6)


def test_the_peer_is_its_best_variant_at_every_value() -> None:
    half = curve("peer/2", 0.5, only=slice(0, 2))  # better, but only where few bytes are spent
    gain = rates.difference(curve("ours"), [curve("peer"), half], "lpips", lower=True)
    assert gain is not None
    assert 0 < gain.percent < 100
    alone = rates.difference(curve("ours"), [half], "lpips", lower=True)
    assert alone is not None
    assert alone.percent == pytest.approx(100, abs=1e-6)
    assert alone.overlap == pytest.approx(1 / 3, abs=0.01)


def test_without_a_common_range_there_is_no_difference() -> None:
    assert rates.difference(curve("ours"), [curve("peer", offset=9)], "lpips", lower=True) is None


def test_higher_is_better_turns_the_sign() -> None:
    ours, peer = curve("ours", 0.5), curve("peer")
    for point in (*ours, *peer):
        for row in point.rows:
            row["psnr"] = 40 - 10 * row["lpips"]
    gain = rates.difference(ours, [peer], "psnr", lower=False)
    assert gain is not None
    assert gain.percent == pytest.approx(-50, abs=1e-6)


def test_quality_at_bytes_and_bytes_at_quality_are_inverse() -> None:
    variants = [curve("ours")]
    value = rates.at_bytes(variants, "lpips", True, 500)
    assert value is not None
    assert rates.bytes_at(variants, "lpips", True, value) == pytest.approx(500, rel=1e-3)
    assert rates.at_bytes(variants, "lpips", True, 100) is None
    assert rates.bytes_at(variants, "lpips", True, 5) is None


def test_families() -> None:
    curves = {name: curve(name) for name in ("fasdiff", "avif", "avif*3/4", "avif/2", "avif grey", "jpeg/2")}
    peers = rates.families(curves, ["fasdiff"])
    assert {name: len(variants) for name, variants in peers.items()} == {"avif": 4, "jpeg": 1}
