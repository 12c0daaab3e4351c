"""A wrong or partial weights file is one clear sentence, never a half-loaded net."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from intaglio.errors import WeightsError
from intaglio.spaces.taef2 import MODEL, Autoencoder
from intaglio.weights.tensors import FOLDER

WEIGHTS = FOLDER / "autoencoder.safetensors"

Tensors = dict[str, Tensor]


def lacking(tensors: Tensors) -> None:
    del tensors["decoder.head.bias"]


def unknown(tensors: Tensors) -> None:
    tensors["decoder.tail.bias"] = torch.zeros(3)


def misshapen(tensors: Tensors) -> None:
    tensors["decoder.head.bias"] = torch.zeros(4)


def infinite(tensors: Tensors) -> None:
    tensors["decoder.head.bias"][1] = torch.inf


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lacking, r"lacks tensor decoder\.head\.bias"),
        (unknown, r"has the unknown tensor decoder\.tail\.bias"),
        (misshapen, r"decoder\.head\.bias of shape \(4,\) where \(3,\) is needed"),
        (infinite, r"decoder\.head\.bias that are not finite"),
    ],
)
def test_wrong_tensors(tmp_path: Path, change: Callable[[Tensors], None], message: str) -> None:
    tensors, path = load_file(WEIGHTS), tmp_path / "changed.safetensors"
    change(tensors)
    save_file(tensors, path, {"model": MODEL})
    with pytest.raises(WeightsError, match=message):
        Autoencoder.load(path=path)


@pytest.mark.parametrize("size", [0, 7, 1000, 200_000, -1])
def test_truncated(tmp_path: Path, size: int) -> None:
    path = tmp_path / "part.safetensors"
    path.write_bytes(WEIGHTS.read_bytes()[:size])
    with pytest.raises(WeightsError, match="not a whole safetensors file"):
        Autoencoder.load(path=path)


def test_missing(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="no weights at"):
        Autoencoder.load(path=tmp_path / "none.safetensors")


def test_folder(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="not a whole safetensors file"):
        Autoencoder.load(path=tmp_path)


def test_of_another_model() -> None:
    with pytest.raises(WeightsError, match="'intaglio-fasdiff' where those of 'intaglio-autoencoder' are needed"):
        Autoencoder.load(path=FOLDER / "fasdiff.safetensors")


def test_without_a_name(tmp_path: Path) -> None:
    path = tmp_path / "nameless.safetensors"
    save_file(load_file(WEIGHTS), path)
    with pytest.raises(WeightsError, match="weights of None where"):
        Autoencoder.load(path=path)
