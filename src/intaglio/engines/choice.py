"""Which engine runs a codec's networks.

ONNX Runtime    released networks on the CPU, in fp32: it starts in a fifth of the time and is light to install
PyTorch         a device that is named, a GPU, the reference decoder, effort, networks of other sizes
"""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from intaglio.engines import onnx_graphs
from intaglio.errors import MissingModel
from intaglio.networks.onnx_session import installed
from intaglio.pipeline.engine import Engine
from intaglio.weights.codec_file import Weights

if TYPE_CHECKING:
    from intaglio.pipeline.model import Model, PixelDecoder


def load(
    weights: Weights, decoder: PixelDecoder = "lean", device: str | None = None, features: Path | None = None
) -> Engine:
    """The networks of a weights file in memory, by the engine that suits.

    Raises:
        OptionError, WeightsError: as `pipeline.model.Model`. MissingModel: it takes PyTorch, which is not installed.
    """
    if decoder == "lean" and device is None and not _gpu() and installed() and onnx_graphs.fit(weights):
        from intaglio.engines.onnx_model import OnnxModel

        return OnnxModel(weights)
    return torch_model(weights, decoder, device, features)


def torch_model(
    weights: Weights, decoder: PixelDecoder = "lean", device: str | None = None, features: Path | None = None
) -> Model:
    """The networks of a weights file under PyTorch. Raises as `load`."""
    if importlib.util.find_spec("torch") is None:
        raise MissingModel(
            "this takes PyTorch, which is not installed (a device, the reference decoder, effort, or networks of your own): "
            "`pip install intaglio[torch]`"
        )
    from intaglio.pipeline.model import Model

    return Model(weights, decoder=decoder, device=device, features=features)


def _gpu() -> bool:
    """Whether PyTorch is likely to find a GPU, without importing it."""
    return shutil.which("nvidia-smi") is not None and importlib.util.find_spec("torch") is not None
