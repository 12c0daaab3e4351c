"""A codec's weights file: one safetensors file, its metadata the configuration; read strictly.

entropy.*                integers of the entropy models (see `Stream`)
choice                   FaSDiff's: what a portrait is known by (see `choice`)
lean.*                   the lean decoder, which has learned to draw what this codec leaves of latents
compressor.analysis.*    matrices in eight bits, `NAME` and `NAME.scale` (see `eightbit`); fp32 vectors
everything else          the other networks; like the lean decoder, matrices in fp16 and vectors in fp32
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from intaglio.entropy.stream import Stream, part
from intaglio.errors import WeightsError
from intaglio.weights import eight_bit as eightbit

FOLDER = Path(__file__).parent
ENVIRONMENT = {"fasdiff": "INTAGLIO_FASDIFF", "cgdm": "INTAGLIO_CGDM"}
"""Per codec, the variable that names another file than the packaged one, e.g. a custom model."""
ANALYSIS, SCALE, CHOICE = "compressor.analysis.", ".scale", "choice"
Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Weights:
    """A weights file read into memory, not yet a network (no torch)."""

    codec: str
    config: dict[str, dict[str, int]]  # "compressor" and "prior"
    stream: int  # stream id
    entropy: Arrays
    nets: Arrays
    lean: Arrays
    choice: NDArray[Any] | None
    decoder: str  # id of all networks but the entropy models: eight hex digits

    def open_stream(self) -> Stream:
        frozen = {k: v for k, v in self.nets.items() if k.startswith("compressor.synthesis.")}
        return Stream(self.entropy, frozen)


def default(codec: str) -> Path:
    """The file that is used where none is named: the environment's, else the packaged one."""
    return Path(os.environ.get(ENVIRONMENT[codec]) or FOLDER / f"{codec}.safetensors")


def read(codec: str, path: Path | None = None) -> Weights:
    """Raises WeightsError, in one sentence, for a file that is missing, damaged or of another model."""
    import zlib

    path = path or default(codec)
    try:
        with safe_open(path, framework="np") as file:
            metadata = file.metadata() or {}
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a mapping)
    except FileNotFoundError:
        raise WeightsError(f"there are no weights at {path}: reinstall intaglio or name another file") from None
    except (SafetensorError, OSError) as error:
        raise WeightsError(f"{path} is not a whole safetensors file ({error})") from error
    if metadata.get("model") != f"intaglio-{codec}":
        raise WeightsError(f"{path} holds weights of {metadata.get('model')!r} where those of {codec} are needed")
    entropy, lean = part(arrays, "entropy"), part(arrays, "lean")
    nets = {k: v for k, v in arrays.items() if not k.startswith(("entropy.", "lean.")) and k != CHOICE}
    crc = 0
    for name in sorted(arrays.keys() - {f"entropy.{k}" for k in entropy}):
        crc = zlib.crc32(np.ascontiguousarray(arrays[name]).tobytes(), crc)
    for name in [k for k in nets if k.endswith(SCALE)]:
        matrix, scale = name.removesuffix(SCALE), nets.pop(name)
        if matrix not in nets or scale.shape != nets[matrix].shape[:1]:
            raise WeightsError(f"{path} has {name}, but no matrix with as many rows")
        nets[matrix] = eightbit.restore(nets[matrix], scale)
    config, stream = json.loads(metadata["config"]), int(metadata["stream"])
    return Weights(codec, config, stream, entropy, nets, lean, arrays.get(CHOICE), f"{crc:08x}")


def load_model(weights: Weights) -> Any:
    """The networks of a weights file (`FaSDiff` or `CGDM`, eval, fp32).

    The entropy nets of the compressor are not in it: they exist as integers only.

    Raises:
        WeightsError: tensors are missing, unknown, of the wrong shape or not finite.
    """
    from intaglio.codecs import model_of
    from intaglio.compressor.compressor import CompressorConfig
    from intaglio.priors.unet import PriorConfig

    model = model_of(weights.codec)(
        CompressorConfig(**weights.config["compressor"]), PriorConfig(**weights.config["prior"])
    )
    model.compressor.keep_transforms()
    return _filled(model, weights.nets)


def load_lean(weights: Weights) -> Any:
    """The lean decoder of a weights file (`LeanDecoder`, eval, fp32).

    Raises:
        WeightsError: as `load_model`.
    """
    from intaglio.spaces.lean_decoder import LeanDecoder

    return _filled(LeanDecoder(), weights.lean)


def _filled(model: Any, arrays: Arrays) -> Any:
    import torch

    from intaglio.weights.module_file import frozen

    wanted = model.state_dict()
    for what, names in (("lack", wanted.keys() - arrays.keys()), ("have the unknown", arrays.keys() - wanted.keys())):
        if names:
            raise WeightsError(f"the weights {what} tensor {min(names)}, {len(names)} such in all")
    for name, array in arrays.items():
        if array.shape != tuple(wanted[name].shape) or not np.isfinite(array).all():
            raise WeightsError(f"the weights have {name} of shape {array.shape}, or with values that are not finite")
    model.load_state_dict({name: torch.from_numpy(a.astype(np.float32)) for name, a in arrays.items()})
    return frozen(model, "cpu")


def write(path: Path, codec: str, config: Any, prior: Any, stream: int, entropy: Arrays, nets: Arrays,
          lean: Arrays, choice: NDArray[Any] | None = None) -> None:  # fmt: skip
    """Write a weights file from configurations (dataclasses), integer entropy models and the networks' arrays."""
    from safetensors.numpy import save_file

    arrays = {f"entropy.{k}": v for k, v in entropy.items()}
    for name, array in {**nets, **{f"lean.{k}": v for k, v in lean.items()}}.items():
        if array.ndim > 1 and name.startswith(ANALYSIS):
            arrays[name], arrays[name + SCALE] = eightbit.quantise(array)
        else:
            arrays[name] = array.astype(np.float16 if array.ndim > 1 else np.float32)
    if choice is not None:
        arrays[CHOICE] = choice
    metadata = {
        "model": f"intaglio-{codec}",
        "stream": str(stream),
        "config": json.dumps({"compressor": asdict(config), "prior": asdict(prior)}),
    }
    save_file({k: np.ascontiguousarray(v) for k, v in arrays.items()}, path, metadata)
