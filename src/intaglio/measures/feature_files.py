"""Where the measures' feature networks lie, and how they are read.

They are not part of the package: their rights are their makers', and nobody needs them to code a picture.
"""

from __future__ import annotations

import os
from pathlib import Path

from safetensors.torch import load_file
from torch import Tensor

from intaglio.measures.optional import Unavailable

VARIABLE = "INTAGLIO_FEATURES"
DEFAULT = Path("~/.cache/intaglio/features")


def folder_of(folder: Path | None) -> Path:
    """The folder of feature networks: the one given, else that of the environment variable, else the cache's."""
    if folder is not None:
        return folder
    return Path(os.environ.get(VARIABLE) or DEFAULT).expanduser()


def find(name: str, folder: Path | None) -> Path:
    """The path of weights file `name`. Raises Unavailable where it is not there."""
    path = folder_of(folder) / name
    if not path.is_file():
        raise Unavailable(
            f"{name} is not in {path.parent}: give the folder it lies in, or set {VARIABLE} to it, or put the file into "
            f"{DEFAULT} (docs/guides/measuring.md says where to get it)."
        )
    return path


def load(name: str, folder: Path | None) -> dict[str, Tensor]:
    """All tensors of weights file `name`, as float32: files may store halves, and a CPU computes in singles."""
    return {key: tensor.float() for key, tensor in load_file(find(name, folder)).items()}


def convolutions(name: str, folder: Path | None) -> dict[int, tuple[Tensor, Tensor]]:
    """Weight and bias of a network's convolutions by their index in torchvision's `features`."""
    tensors = load(name, folder)
    indices = {int(key.split(".")[1]) for key in tensors}
    return {i: (tensors[f"features.{i}.weight"], tensors[f"features.{i}.bias"]) for i in sorted(indices)}
