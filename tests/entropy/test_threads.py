"""BLAS has one thread inside, and what it had before afterwards: after an error, and after several callers at once. Ours agree."""

import threading

import numpy as np
import pytest

from intaglio.entropy import threads
from intaglio.entropy.threads import blas_threads, each, one_thread
from intaglio.networks import onnx_session
from intaglio.testing import TinyModel

needs_openblas = pytest.mark.skipif(blas_threads() is None, reason="NumPy here has no OpenBLAS of its own")


@needs_openblas
def test_threads_are_given_back() -> None:
    before = blas_threads()
    with one_thread():
        assert blas_threads() == 1
        with one_thread():
            assert blas_threads() == 1
        assert blas_threads() == 1
    assert blas_threads() == before
    with pytest.raises(ZeroDivisionError), one_thread():
        raise ZeroDivisionError
    assert blas_threads() == before


@needs_openblas
def test_the_last_of_several_callers_gives_them_back() -> None:
    before, entered, leave = blas_threads(), threading.Event(), threading.Event()

    def stay() -> None:
        with one_thread():
            entered.set()
            leave.wait(10)

    other = threading.Thread(target=stay)
    other.start()
    assert entered.wait(10)
    with one_thread():
        pass
    assert blas_threads() == 1  # the other is inside still
    leave.set()
    other.join()
    assert blas_threads() == before


def test_without_openblas_products_are_as_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "NAMES", ())
    threads.controls.cache_clear()
    try:
        with one_thread():
            assert blas_threads() is None
            assert (np.ones((2, 2)) @ np.ones(2)).tolist() == [2, 2]
    finally:
        threads.controls.cache_clear()


def test_work_on_several_threads_gives_the_same_file_and_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    codec = TinyModel("cgdm").codec()
    pixels = np.random.default_rng(0).integers(0, 256, (97, 160, 3), np.uint8)
    data = codec.compress(pixels, max_bytes=900)
    drawn = codec.decompress(data).tobytes()
    used = set[int]()
    monkeypatch.setattr(threads, "MANY", 0)
    monkeypatch.setattr(onnx_session, "threads", 3)
    each(lambda _: used.add(threading.get_ident()), range(3), 0)
    assert threading.get_ident() not in used
    assert codec.compress(pixels, max_bytes=900) == data
    assert codec.decompress(data).tobytes() == drawn
