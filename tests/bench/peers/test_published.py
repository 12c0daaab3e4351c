"""docs/published.toml: what a report draws as dashed curves."""

import tomllib
from pathlib import Path

CURVES = tomllib.loads((Path(__file__).parents[3] / "docs" / "published.toml").read_text(encoding="utf-8"))["curve"]
RANGES = {"psnr": (10, 50), "ms_ssim": (0, 1), "lpips": (0, 1), "dists": (0, 1), "fid": (0, 200)}


def test_keys_and_ranges() -> None:
    for curve in CURVES:
        assert curve.keys() == {"codec", "set", "measure", "points", "source", "note"}, curve
        assert all(curve[key] for key in curve)
        low, high = RANGES[curve["measure"]]
        assert all(0 < bpp < 2 and low < value < high for bpp, value in curve["points"]), curve


def test_points_run_by_rising_bits_and_improve() -> None:
    for curve in CURVES:
        rates, values = zip(*curve["points"])
        assert len(rates) > 1 and list(rates) == sorted(set(rates)), curve
        up = curve["measure"] in ("psnr", "ms_ssim")
        assert list(values) == sorted(values, reverse=not up), curve  # more bits were better in every source


def test_each_curve_once_and_the_known_codecs() -> None:
    keys = [(curve["codec"], curve["set"], curve["measure"]) for curve in CURVES]
    assert len(keys) == len(set(keys))
    assert {"MS-ILLM", "HiFiC", "PerCo-SD", "DiffEIC", "StableCodec"} <= {codec for codec, _, _ in keys}
