"""Networks of others filled from safetensors files: every tensor, and no other."""

from __future__ import annotations

from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from intaglio.errors import WeightsError


def load_strictly(net: nn.Module, path: Path, tensors: dict[str, Tensor] | None = None) -> None:
    """Fill `net` from a safetensors file, or from `tensors` that were made of it.

    Raises:
        WeightsError: the file is missing or damaged, or its tensors are not the network's.
    """
    try:
        state = load_file(path) if tensors is None else tensors
        net.load_state_dict({name: tensor.float() for name, tensor in state.items()})
    except (OSError, SafetensorError) as error:
        raise WeightsError(f"{path} cannot be read as weights ({error})") from error
    except RuntimeError as error:
        raise WeightsError(f"{path} does not hold this network: {str(error).splitlines()[-1].strip()}") from error
