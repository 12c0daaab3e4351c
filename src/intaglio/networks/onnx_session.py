"""ONNX Runtime: graphs without weights made ready to run, on the CPU."""

from __future__ import annotations

import functools
import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

threads = 0
"""Of each session; 0: as many as there are cores. `thread_count.limit` sets it."""


@functools.cache
def installed() -> bool:
    """Whether ONNX Runtime is here; it is not imported."""
    return importlib.util.find_spec("onnxruntime") is not None


class Session:
    """A graph with its weights, by name. It may be run from several threads at once."""

    def __init__(self, graph: Path, weights: Mapping[str, NDArray[np.float32]], *, soon: bool = False) -> None:
        """With `soon` it starts in half the time, and runs an eighth slower."""
        import onnxruntime

        options = onnxruntime.SessionOptions()
        if soon:
            options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
        options.log_severity_level = 3
        options.intra_op_num_threads = threads
        # Threads that wait by spinning would take the cores from NumPy's and from the other graphs'.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        # Kept as long as the session: it reads from their memory.
        self._values = [onnxruntime.OrtValue.ortvalue_from_numpy(array) for array in weights.values()]
        options.add_external_initializers(list(weights), self._values)
        self._session = onnxruntime.InferenceSession(graph.read_bytes(), options, providers=["CPUExecutionProvider"])
        self._inputs = {one.name for one in self._session.get_inputs()}

    def __call__(self, **arrays: Any) -> list[Any]:
        """The outputs of the graph for its inputs by name; inputs that it has no use for are left out."""
        inputs = {name: np.ascontiguousarray(array) for name, array in arrays.items() if name in self._inputs}
        outputs: list[Any] = self._session.run(None, inputs)
        return outputs
