"""How often what is timed runs."""

import pytest

from intaglio.bench import timing


@pytest.mark.parametrize(("long", "calls"), [(0.0, 1), (10.0, 1 + timing.REPEATS)])
def test_what_takes_long_is_timed_once(long: float, calls: int) -> None:
    times: list[int] = []

    def call() -> int:
        times.append(0)
        return 7

    seconds, out = timing.best_of(call, long=long)
    assert out == 7 and len(times) == calls and 0 < seconds < 1
