"""How often what is timed runs."""

import time

import pytest

from intaglio.bench import timing


@pytest.mark.parametrize(("long", "calls"), [(0.001, 1), (10.0, 1 + timing.REPEATS)])
def test_what_takes_long_is_timed_once(long: float, calls: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timing, "LONG", long)
    made: list[int] = []

    def run() -> int:
        time.sleep(0.005)
        made.append(0)
        return 7

    seconds, out = timing.best_of(run)
    assert out == 7 and len(made) == calls and 0.005 <= seconds < 1
