"""A codec's weights file: what is stored in eight bits, the lean decoder in it, and files that are wrong."""

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from intaglio.codecs import CODECS
from intaglio.entropy.stream import Stream
from intaglio.errors import WeightsError
from intaglio.pipeline.model import Model, lean_decoder_of, networks_of
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


@pytest.mark.parametrize("size", [-1, 1 << 40, 2.5, "many", None])
@pytest.mark.parametrize(("part", "name"), [("compressor", "coarse"), ("compressor", "depth"), ("prior", "deep")])
def test_hostile_sizes_ask_for_nothing(tiny: Path, tmp_path: Path, part: str, name: str, size: object) -> None:
    path = tmp_path / "changed.safetensors"
    with safe_open(tiny, "np") as file:
        metadata = file.metadata()
    sizes = json.loads(metadata["config"])
    sizes[part][name] = size
    save_file(load_file(tiny), path, metadata | {"config": json.dumps(sizes)})
    with pytest.raises(WeightsError):
        networks_of(weights.read("fasdiff", path))


@settings(max_examples=40)
@given(data=st.data())
def test_any_damage_is_a_weights_error(
    tiny: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """An array lost, of another type or shape, or its values others: a model or one sentence, nothing else."""
    arrays, path = load_file(tiny), tmp_path_factory.mktemp("hostile") / "w.safetensors"
    with safe_open(tiny, "np") as file:
        metadata = file.metadata()
    name = data.draw(st.sampled_from(sorted(arrays)))
    array = arrays[name]
    match data.draw(st.sampled_from(["lost", "float", "bytes", "flat", "empty", "scalar", "large", "negative"])):
        case "lost":
            del arrays[name]
        case "float":
            arrays[name] = array.astype(np.float64)
        case "bytes":
            arrays[name] = array.astype(np.uint8)
        case "flat":
            arrays[name] = array.reshape(-1)
        case "empty":
            arrays[name] = array[:0]
        case "scalar":
            arrays[name] = np.ones((), array.dtype)
        case "large":
            arrays[name] = np.full_like(array, np.iinfo(array.dtype).max if array.dtype.kind == "i" else 1e4)
        case "negative":
            arrays[name] = -np.ones_like(array)
    save_file(arrays, path, metadata)
    with suppress(WeightsError):
        Model(weights.read("fasdiff", path), device="cpu")


@pytest.mark.parametrize("codec", CODECS)
def test_a_flipped_bit_of_a_released_file_is_seen(codec: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = bytearray(weights.default(codec).read_bytes())
    raw[-1000] ^= 4
    path = tmp_path / f"{codec}.safetensors"
    path.write_bytes(raw)
    monkeypatch.setattr("intaglio.weights.tensors.FOLDER", tmp_path)
    with pytest.raises(WeightsError, match="is damaged, or of another version"):
        weights.read(codec, path)


def test_other_tables_under_a_released_id_are_refused(tiny: Path, tmp_path: Path) -> None:
    with safe_open(tiny, "np") as file:
        metadata = file.metadata()
    path = tmp_path / "changed.safetensors"
    save_file(load_file(tiny), path, metadata | {"stream": "1"})
    with pytest.raises(WeightsError, match="says that it is of stream 1, and has other tables"):
        Model(weights.read("fasdiff", path), device="cpu")
