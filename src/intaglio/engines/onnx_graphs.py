"""A codec's networks as ONNX graphs: structure in this package, weights out of the safetensors file that torch reads too."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from threading import Lock, Thread
from typing import Any

import numpy as np
from numpy.typing import NDArray

from intaglio.errors import WeightsError
from intaglio.networks.onnx_session import Session
from intaglio.weights import tensors
from intaglio.weights.codec_file import Weights

FOLDER = Path(__file__).parent / "graphs"
SMALL = ("synthesis", "control", "denoise")  # over latents: of most pictures they cost less to run than to start
MANY = 96 * 96  # latents from which on that is not so of the denoiser, which runs at every step


@functools.cache
def description(codec: str) -> dict[str, Any]:
    """What is known of a codec's graphs: sizes, reaches, and the tensors of each."""
    description: dict[str, Any] = json.loads((FOLDER / codec / "graphs.json").read_text())
    return description


def fit(weights: Weights) -> bool:
    """Whether the graphs are those of a weights file: its networks have the released sizes."""
    return weights.base is None and weights.sizes == description(weights.codec)["sizes"]


class Graphs:
    """The graphs of a codec, each made ready when it is first run. It may be used from several threads at once."""

    def __init__(self, weights: Weights) -> None:
        self.weights, self.about = weights, description(weights.codec)
        self._sessions: dict[tuple[str, bool], Session] = {}  # by name, and whether it is one that starts soon
        self._lock = Lock()

    def __call__(self, graph: str, **arrays: Any) -> list[Any]:
        """As `Session`."""
        latents = arrays["z"].shape[2] * arrays["z"].shape[3] if graph == "denoise" else 0
        return self._session(graph, latents)(**arrays)

    def foresee(self, *graphs: str, latents: int = 0) -> None:
        """Makes graphs ready, for pieces of so many latents, beside what else is done: a start takes up to 80 ms."""
        if not all((graph, _soon(graph, latents)) in self._sessions for graph in graphs):
            Thread(target=lambda: [self._session(graph, latents) for graph in graphs], daemon=True).start()

    def _session(self, graph: str, latents: int) -> Session:
        key = graph, _soon(graph, latents)
        session = self._sessions.get(key)
        if session is None:
            with self._lock:
                session = self._sessions.get(key) or self._start(*key)
                self._sessions[key] = session
        return session

    def _start(self, graph: str, soon: bool) -> Session:
        weights = {name: self.tensor(name) for name in self.about["tensors"][graph]}
        return Session(FOLDER / self.weights.codec / f"{graph}.onnx", weights, soon=soon)

    def tensor(self, name: str) -> NDArray[np.float32]:
        """A weight by its name in the graphs."""
        if name.startswith("lean."):
            file, key = self.weights.lean, name.removeprefix("lean.")
        elif name.split(".")[0] in ("encoder", "mean", "deviation"):
            file, key = tensors.read(tensors.FOLDER / "autoencoder.safetensors", "intaglio-autoencoder"), name
        else:
            file, key = self.weights.networks, name
        if key not in file.arrays:
            raise WeightsError(f"{file.source} lacks tensor {key}")
        array = np.ascontiguousarray(file.arrays[key], np.float32)
        if not np.isfinite(array).all():
            raise WeightsError(f"{file.source} has values in {key} that are not finite numbers")
        return array


def _soon(graph: str, latents: int) -> bool:
    """Whether a graph is to start soon rather than to run fast. By size alone, so that a file is always drawn alike."""
    return graph in SMALL and not (graph == "denoise" and latents > MANY)
