"""Work and its growth: what is computed, without coding anything."""

import pytest
import torch

from intaglio.bench import scaling


def test_growth_is_the_exponent_of_pixels() -> None:
    rows = [
        {"codec": "x", "side": s, "encode s": 3e-6 * s**2, "decode s": 1e-3 * s, "peak MB": 500}
        for s in (128, 256, 512)
    ]
    rows[0]["encode s"] = 9.0  # the smallest does not count
    (exponents,) = scaling.growth(rows)
    assert exponents == {"codec": "x", "encode s": 1.0, "decode s": 0.5, "peak MB": 0.0}


def test_work_of_a_convolution() -> None:
    layer, x = torch.nn.Conv2d(4, 8, 3, padding=1), torch.zeros(2, 4, 16, 16)
    assert scaling.gflop(lambda: layer(x)) == pytest.approx(2 * 9 * 4 * 8 * 2 * 16 * 16 / 1e9)


def test_the_rate_is_work_over_the_fastest_time(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = iter((0.5, 0.25))
    monkeypatch.setattr(scaling, "best_of", lambda call: (next(seconds), call()))
    assert scaling.convolution_rate() == pytest.approx(2 * 9 * 128**2 * 64**2 * 4 / 0.25 / 1e9)
