"""Weights of the latent space's nets: in safetensors files, matrices in fp16 and vectors in fp32, read strictly."""

from pathlib import Path
from typing import TypeVar

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import nn

from intaglio.errors import WeightsError

FOLDER = Path(__file__).parent
"""Where the package keeps its weights."""

Net = TypeVar("Net", bound=nn.Module)


def save_weights(module: nn.Module, path: Path, model: str, **notes: str) -> None:
    """Writes all of `module`'s state, its metadata saying `model` and the notes (source, licence, training)."""
    tensors = {
        name: tensor.detach().cpu().to(torch.float16 if tensor.ndim > 1 else torch.float32).contiguous()
        for name, tensor in module.state_dict().items()
    }
    save_file(tensors, path, {"model": model, **notes})


def load_weights(module: nn.Module, path: Path, model: str) -> None:
    """Fills `module` from `path`: all of it and nothing else.

    Raises WeightsError, in one sentence, for a file that is missing, damaged, of another model, or whose tensors are
    not exactly the module's in name and shape, or not finite.
    """
    try:
        with safe_open(path, framework="pt") as file:
            kind = (file.metadata() or {}).get("model")
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a mapping)
    except FileNotFoundError:
        raise WeightsError(f"There are no weights at {path}; reinstall intaglio or name another file.") from None
    except (SafetensorError, OSError) as error:
        raise WeightsError(f"{path} is not a whole safetensors file ({error}).") from error
    if kind != model:
        raise WeightsError(f"{path} holds weights of '{kind}' where those of '{model}' are needed.")
    wanted = module.state_dict()
    for what, names in (("lacks", wanted.keys() - tensors.keys()), ("has the unknown", tensors.keys() - wanted.keys())):
        if names:
            raise WeightsError(f"{path} {what} tensor {min(names)}, {len(names)} such in all.")
    for name, tensor in tensors.items():
        if tensor.shape != wanted[name].shape:
            shapes = f"{tuple(tensor.shape)} where {tuple(wanted[name].shape)} is needed"
            raise WeightsError(f"{path} has {name} of shape {shapes}.")
        if not torch.isfinite(tensor).all():
            raise WeightsError(f"{path} has values in {name} that are not finite numbers.")
    module.load_state_dict(tensors)


def channels_last(module: Net) -> Net:
    """The module with its convolutions' weights in the order in which CPUs and GPUs compute fastest."""
    return module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def frozen(module: Net, device: torch.device | str) -> Net:
    """The module for use: on the device, channels last, no gradients to its weights (they still pass to its inputs)."""
    return channels_last(module).eval().requires_grad_(False).to(device)
