"""A codec's weights file: what is stored in eight bits, the lean decoder in it, and files that are wrong."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from intaglio.codecs import CODECS
from intaglio.entropy.stream import Stream
from intaglio.errors import WeightsError
from intaglio.pipeline.model import lean_decoder_of, networks_of
from intaglio.weights import codec_file as weights
from intaglio.weights import eight_bit
from intaglio.weights.tensors import Arrays


def test_eight_bits_are_within_half_a_step() -> None:
    rng = np.random.default_rng(0)
    matrix = rng.normal(size=(5, 4, 3, 3)).astype(np.float32) * np.array([1, 1e-3, 0, 30, 5])[:, None, None, None]
    integers, scale = eight_bit.quantise(matrix)
    assert integers.dtype == np.int8 and scale.shape == (5,)
    error = np.abs(eight_bit.restore(integers, scale) - matrix)
    assert (error <= 0.51 * scale[:, None, None, None]).all()
    assert (np.abs(integers).reshape(5, -1).max(1) == [127, 127, 0, 127, 127]).all()


def test_a_file_comes_back(tiny: Path) -> None:
    stored, read = load_file(tiny), weights.read("fasdiff", tiny)
    assert {a.dtype for k, a in stored.items() if k.startswith(weights.ANALYSIS) and a.ndim > 1} == {np.dtype(np.int8)}
    matrix = "compressor.analysis.latent.weight"
    expected = stored[matrix] * stored[f"{matrix}.scale"][:, None, None, None]
    assert np.array_equal(read.networks.arrays[matrix], expected)
    model, lean = networks_of(read), lean_decoder_of(read)
    assert np.array_equal(model.compressor.analysis.latent.weight.numpy(), expected)
    assert np.array_equal(lean.head.weight.numpy(), stored["lean.head.weight"].astype(np.float32))
    assert not any(p.requires_grad for p in lean.parameters())


@pytest.mark.parametrize("codec", CODECS)
def test_released_files_are_within_their_budget(codec: str) -> None:
    assert weights.default(codec).stat().st_size <= 32_000_000


def lacking(arrays: Arrays) -> None:
    del arrays["lean.stem.weight"]


def unknown(arrays: Arrays) -> None:
    arrays["lean.tail.weight"] = np.zeros((1, 1), np.float16)


def infinite(arrays: Arrays) -> None:
    arrays["lean.head.bias"][0] = np.inf


def unscaled(arrays: Arrays) -> None:
    arrays["compressor.analysis.latent.weight.scale"] = np.ones(3, np.float32)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lacking, "lacks tensor stem.weight"),
        (unknown, "has the unknown tensor tail.weight"),
        (infinite, "head.bias .* not finite"),
        (unscaled, "latent.weight.scale, but no matrix with as many rows"),
    ],
)
def test_a_wrong_file_is_one_sentence(
    tiny: Path, tmp_path: Path, change: Callable[[Arrays], None], message: str
) -> None:
    arrays, path = load_file(tiny), tmp_path / "changed.safetensors"
    with safe_open(tiny, "np") as file:
        metadata = file.metadata()
    change(arrays)
    save_file(arrays, path, metadata)
    with pytest.raises(WeightsError, match=message):
        lean_decoder_of(weights.read("fasdiff", path))


def test_the_decoder_has_a_say_in_the_id(tiny: Path, tmp_path: Path) -> None:
    arrays, path = load_file(tiny), tmp_path / "changed.safetensors"
    with safe_open(tiny, "np") as file:
        metadata = file.metadata()
    arrays["lean.head.bias"][0] += 1
    save_file(arrays, path, metadata)
    first, second = weights.read("fasdiff", tiny), weights.read("fasdiff", path)
    assert first.decoder != second.decoder
    assert Stream(first.entropy, first.frozen).digest == Stream(second.entropy, second.frozen).digest


@pytest.mark.parametrize("metadata", [{"config": "{}"}, {"stream": "255"}, {"config": "no JSON", "stream": "255"}])
def test_metadata_that_says_too_little(tiny: Path, tmp_path: Path, metadata: dict[str, str]) -> None:
    path = tmp_path / "changed.safetensors"
    save_file(load_file(tiny), path, {"model": "intaglio-fasdiff"} | metadata)
    with pytest.raises(WeightsError, match="does not say the sizes"):
        weights.read("fasdiff", path)


def test_sizes_of_another_version(tiny: Path, tmp_path: Path) -> None:
    path = tmp_path / "changed.safetensors"
    sizes = '{"compressor": {"colour": 3}, "prior": {}}'
    save_file(load_file(tiny), path, {"model": "intaglio-fasdiff", "config": sizes, "stream": "255"})
    with pytest.raises(WeightsError, match="sizes that this version does not know"):
        networks_of(weights.read("fasdiff", path))
