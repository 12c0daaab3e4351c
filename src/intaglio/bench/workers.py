"""Worker processes that end with the process that started them, however that one ends."""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from concurrent.futures import ProcessPoolExecutor

PERIOD = 1.0  # seconds


def pool(count: int | None = None) -> ProcessPoolExecutor:
    """So many fresh processes (None: one a core)."""
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(count or os.cpu_count(), context, initializer=_watch, initargs=(os.getpid(),))


def _watch(parent: int) -> None:
    """Leave at once when the parent is gone: a worker would finish its job, and wait for the next, for nobody."""

    def wait() -> None:
        while os.getppid() == parent:
            time.sleep(PERIOD)
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()
