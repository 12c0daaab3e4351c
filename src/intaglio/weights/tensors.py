"""Safetensors files, read strictly: every tensor that a network has, and no other, of its shape and finite."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from intaglio.errors import WeightsError
from intaglio.weights.released import SHA256

if TYPE_CHECKING:
    from torch import nn

FOLDER = Path(__file__).parent
"""Where the package keeps its weights."""

Arrays = dict[str, NDArray[Any]]
Net = TypeVar("Net", bound="nn.Module")


@dataclass(frozen=True)
class TensorFile:
    """What a file holds."""

    source: str  # for messages: the path that it was read from
    metadata: Mapping[str, str]
    arrays: Arrays


def read(path: Path, model: str) -> TensorFile:
    """The file at `path`, whose metadata must name `model`.

    Raises:
        WeightsError: it is missing, damaged, or of another model; of the package's own files every byte is checked.
    """
    from safetensors import safe_open

    try:
        if path.parent == FOLDER and path.name in SHA256:
            with path.open("rb") as packaged:
                whole = hashlib.file_digest(packaged, "sha256").hexdigest() == SHA256[path.name]
            if not whole:
                raise WeightsError(f"{path} is damaged, or of another version than the code: reinstall intaglio")
        with safe_open(path, framework="np") as file:
            metadata = file.metadata() or {}
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a mapping)
    except WeightsError:
        raise
    except FileNotFoundError:
        raise WeightsError(f"there are no weights at {path}: reinstall intaglio or name another file") from None
    except Exception as error:  # a stranger's file can raise nearly anything from inside the reader
        if "allocate memory" in str(error):
            raise MemoryError from error
        raise WeightsError(f"{path} is not a whole safetensors file ({error})") from error
    if metadata.get("model") != model:
        raise WeightsError(f"{path} holds weights of {metadata.get('model')!r} where those of {model!r} are needed")
    return TensorFile(str(path), metadata, arrays)


def part(arrays: Mapping[str, NDArray[Any]], name: str) -> Arrays:
    """The arrays under `name`, their names shortened by it."""
    return {key.removeprefix(f"{name}."): array for key, array in arrays.items() if key.startswith(f"{name}.")}


def stored(array: NDArray[Any]) -> NDArray[Any]:
    """An array as files hold it: matrices in fp16, vectors in fp32."""
    return np.ascontiguousarray(array, np.float16 if array.ndim > 1 else np.float32)


def write(path: Path, arrays: Mapping[str, NDArray[Any]], metadata: Mapping[str, str]) -> None:
    """Arrays and metadata, among it `model`, to a file."""
    from safetensors.numpy import save_file

    save_file({name: np.ascontiguousarray(array) for name, array in arrays.items()}, path, dict(metadata))


def fill(module: Net, file: TensorFile) -> Net:
    """The module with all of the file's arrays, as fp32; it may be on the device "meta", where nothing was allocated.

    Raises:
        WeightsError: tensors are missing, unknown, of the wrong shape or not finite.
    """
    import torch

    source, arrays, wanted = file.source, file.arrays, module.state_dict()
    for what, names in (("lacks", wanted.keys() - arrays.keys()), ("has the unknown", arrays.keys() - wanted.keys())):
        if names:
            raise WeightsError(f"{source} {what} tensor {min(names)}, {len(names)} such in all")
    for name, array in arrays.items():
        if array.shape != tuple(wanted[name].shape):
            shapes = f"{array.shape} where {tuple(wanted[name].shape)} is needed"
            raise WeightsError(f"{source} has {name} of shape {shapes}")
        if not np.isfinite(array).all():
            raise WeightsError(f"{source} has values in {name} that are not finite numbers")
    tensors = {name: torch.from_numpy(array.astype(np.float32)) for name, array in arrays.items()}
    module.load_state_dict(tensors, assign=True)
    return module
