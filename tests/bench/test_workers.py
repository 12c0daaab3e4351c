"""Workers end with the process that started them, even where that one is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

STARTS_AND_WAITS = """
import os, time
from intaglio.bench import workers
if __name__ == "__main__":
    pool = workers.pool(1)
    print(pool.submit(os.getpid).result(), flush=True)
    pool.submit(time.sleep, 60).result()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="processes have no parents to lose there")
def test_workers_end_with_a_killed_parent(tmp_path) -> None:
    script = tmp_path / "starts.py"
    script.write_text(STARTS_AND_WAITS)
    parent = subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    worker = int(parent.stdout.readline())
    parent.send_signal(signal.SIGKILL)
    try:
        parent.communicate(timeout=20)  # the pipe's end: whoever could write to it is gone
    except subprocess.TimeoutExpired:
        os.kill(worker, signal.SIGKILL)
        pytest.fail("the worker lived on")
