"""NumPy's matrix products on one thread, while they are ours.

OpenBLAS's threads wait for their next product by spinning, and so take the cores from the networks that PyTorch runs
between ours. Our products are small; one thread does them.
"""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

import numpy as np

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
