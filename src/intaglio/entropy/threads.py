"""Which threads do the entropy models' work: one of NumPy's for each product, and several of ours for a large picture.

OpenBLAS's threads wait for their next product by spinning, and so take the cores from the networks that run between
ours. Our products are small; one thread does each.
"""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import TypeVar

import numpy as np

from intaglio.networks import thread_count

Item = TypeVar("Item")
MANY = 1 << 20  # values from which on starting threads costs nothing beside the work

_lock, _inside, _before = Lock(), 0, 0  # how many threads of Python are inside, and BLAS's threads before the first

NAMES = ("scipy_openblas_{}_num_threads64_", "scipy_openblas_{}_num_threads", "openblas_{}_num_threads")


@functools.cache
def controls() -> tuple[Callable[[], int], Callable[[int], None]] | None:
    """How OpenBLAS's number of threads is read and set, or None where NumPy's wheel has another library or none."""
    package = Path(np.__file__).parent
    for folder in (package.with_name("numpy.libs"), package / ".dylibs"):
        for path in sorted(folder.glob("*openblas*")):
            try:
                library = ctypes.CDLL(str(path))
            except OSError:
                continue
            for name in NAMES:
                if hasattr(library, name.format("set")) and hasattr(library, name.format("get")):
                    return getattr(library, name.format("get")), getattr(library, name.format("set"))
    return None


def blas_threads() -> int | None:
    """How many threads NumPy's BLAS has now; None where that cannot be told."""
    library = controls()
    return None if library is None else library[0]()


@contextmanager
def one_thread() -> Iterator[None]:
    """Inside, NumPy's BLAS has one thread; after the last of several callers at once, as many as before the first."""
    global _inside, _before
    library = controls()
    if library is None:
        yield
        return
    get, put = library
    with _lock:
        if not _inside:
            _before = get()
            put(1)
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if not _inside:
                put(_before)


def each(do: Callable[[Item], object], items: Iterable[Item], values: int) -> None:
    """do(item) for every item, with those of much work (so many values in all) at once.

    What they write must not overlap: the result is then the same as in turn.
    """
    threads = thread_count.count() if values >= MANY else 1
    if threads == 1:
        for item in items:
            do(item)
        return
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(do, items))
