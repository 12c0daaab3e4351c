"""BLAS has one thread inside, and what it had before afterwards, also after an error."""

import pytest

from intaglio.entropy import threads


def test_threads_are_given_back() -> None:
    controls = threads._controls()
    if controls is None:
        pytest.skip("NumPy here has no OpenBLAS of its own")
    get, put = controls
    before = get()
    put(2)
    try:
        many = get()  # 1 where there is one core
        with threads.one_thread():
            assert get() == 1
        assert get() == many
        with pytest.raises(ZeroDivisionError), threads.one_thread():
            raise ZeroDivisionError
        assert get() == many
    finally:
        put(before)


def test_without_openblas_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "_controls", lambda: None)
    with threads.one_thread():
        pass
