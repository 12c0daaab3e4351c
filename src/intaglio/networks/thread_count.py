"""How many threads the networks of this process may have, of whichever engine."""

from __future__ import annotations

import os
import sys

from intaglio.networks import onnx_session


def count() -> int:
    """How many threads the networks may have now."""
    return onnx_session.threads or os.cpu_count() or 1


def limit(threads: int) -> None:
    """So many from now on. What was loaded under ONNX Runtime before keeps those that it has."""
    onnx_session.threads = threads
    os.environ["OMP_NUM_THREADS"] = str(threads)  # for a PyTorch that is imported later
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.set_num_threads(threads)
