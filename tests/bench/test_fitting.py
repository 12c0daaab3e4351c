"""The search for the best under a limit, against a codec of a few lines."""

import runpy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from intaglio.bench.fitting import LIMITS, Trials, best_under, finest, variants
from intaglio.bench.peers import Peer, overhead
from intaglio.measures.measure import Rgb
from intaglio.measures.optional import Unavailable

FAKES = runpy.run_path(str(Path(__file__).parent / "peers" / "fakes.py"))
decode, encode, fake, picture = FAKES["decode"], FAKES["encode"], FAKES["fake"], FAKES["picture"]


def mse(a: Rgb, b: Rgb) -> float:
    return float(np.mean((a.astype(float) - b) ** 2))


def test_every_variant_is_tried() -> None:
    names = [peer.name for peer in variants(fake())]
    assert len(names) == len(set(names)) == 20
    assert {"fake", "fake/2", "fake/4 grey smooth", "fake*3/4 smooth", "fake*3/8 grey"} <= set(names)


@pytest.mark.parametrize("limit", LIMITS)
@pytest.mark.parametrize("count", ["bytes", "payload"])
def test_under_the_limit(limit: int, count: str) -> None:
    fit = best_under(fake(), picture(), limit, mse, count)  # type: ignore[arg-type]
    assert fit is not None
    assert getattr(fit, count) <= limit
    assert fit.payload == fit.bytes - 10  # what the fake's header takes
    assert fit.decoded.shape == (37, 53, 3)
    assert fit.distance == mse(picture(), fit.decoded)


def test_the_nearest_of_all_variants_wins() -> None:
    rgb = picture()
    trials = Trials(rgb)
    best = best_under(fake(), rgb, 400, mse, trials=trials)
    assert best is not None
    reached = {}
    for peer in variants(fake()):
        setting = finest(peer, 400, trials, "bytes")
        assert setting is not None
        reached[peer.name] = mse(rgb, trials.picture(peer, setting))
    assert best.variant == min(reached, key=lambda name: reached[name]) and len(set(reached.values())) > 5
    farthest = best_under(fake(), rgb, 400, lambda a, b: -mse(a, b))
    assert farthest is not None and farthest.variant != best.variant  # the caller's distance decides


def test_bisection_finds_the_last_setting_that_fits() -> None:
    rgb = picture()
    for limit in (50, 51, 89, 90, 91, 400, 1000, 100_000):
        fits = [s for s in fake().fine if len(encode(rgb, s)) <= limit]
        assert finest(fake(), limit, Trials(rgb), "bytes") == fits[-1]
    assert finest(fake(), 49, Trials(rgb), "bytes") is None


def test_bisection_on_a_scale_that_runs_down() -> None:
    peer = Peer("qp", (3, 2, 1), lambda rgb, qp: b"x" * int(100 - qp), decode, fine=tuple(range(63, -1, -1)))
    assert finest(peer, 60, Trials(picture()), "bytes") == 40


def test_payload_lets_a_heavy_container_spend_more() -> None:
    heavy = replace(
        fake(), encode=lambda rgb, s: encode(rgb, s) + bytes(300), decode=lambda data, h, w: decode(data[:-300], h, w)
    )
    rgb = picture()
    assert best_under(heavy, rgb, 250, mse) is None
    fit = best_under(heavy, rgb, 250, mse, "payload")
    assert fit is not None and fit.bytes > 300 and fit.payload <= 250
    assert overhead(heavy, 37, 53, 1) == 310


def test_trials_spare_coding_again() -> None:
    calls = []

    def counted(rgb: Rgb, setting: float) -> bytes:
        calls.append(setting)
        return encode(rgb, setting)

    peer = replace(fake(), encode=counted)
    trials = Trials(picture())
    best_under(peer, picture(), 400, mse, trials=trials, scales=("",))
    first = len(calls)
    best_under(peer, picture(), 400, mse, trials=trials, scales=("",))
    assert 0 < first == len(calls)


def test_a_base_peer_by_name() -> None:
    fit = best_under("webp", picture(), 400, mse, scales=("", "/2"))
    assert fit is not None and fit.bytes <= 400 and fit.variant.startswith("webp")


def test_a_missing_library_is_the_callers_to_know(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> Peer:
        raise Unavailable("no such library")

    monkeypatch.setattr("intaglio.bench.fitting.base", absent)
    with pytest.raises(Unavailable, match="no such library"):
        best_under("jxl", picture(), 400, mse)
