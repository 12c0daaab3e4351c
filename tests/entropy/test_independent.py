"""Golden streams decode to the committed integers: by the package, and by a decoder written from docs/format.md."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from intaglio.entropy.stream import SECTIONS, Stream, grid
from intaglio.format import read

GOLDEN = Path(__file__).parents[1] / "golden"
ARRAYS = load_file(GOLDEN / "tiny.safetensors")
EXPECTED = load_file(GOLDEN / "expected.safetensors")
NAMES = sorted(path.stem for path in GOLDEN.glob("*.itg"))


def independent():
    spec = importlib.util.spec_from_file_location("independent", Path(__file__).with_name("independent.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def stream() -> Stream:
    return Stream(ARRAYS, {})


def parts(name: str, stream: Stream):
    data = (GOLDEN / f"{name}.itg").read_bytes()
    header, payload = read(data, seed_of=lambda _: stream.seed)
    assert header.digest == stream.digest
    return payload, header.quality, *grid(header.height, header.width, header.scale)


def test_all_are_there() -> None:
    assert {f"{name}.{part}" for name in NAMES for part in SECTIONS} == set(EXPECTED)
    assert len(NAMES) == 7


@pytest.mark.parametrize("name", NAMES)
def test_golden(name: str, stream: Stream) -> None:
    values = stream.decode(*parts(name, stream))
    for part in SECTIONS:
        np.testing.assert_array_equal(getattr(values, part), EXPECTED[f"{name}.{part}"])


@pytest.mark.parametrize("name", NAMES)
def test_independent_decoder(name: str, stream: Stream) -> None:
    values = independent().decode(*parts(name, stream), ARRAYS)
    for part in SECTIONS:
        np.testing.assert_array_equal(values[part], EXPECTED[f"{name}.{part}"])


@pytest.mark.parametrize("focus", [False, True])
def test_faces_are_coded_finer(focus: bool) -> None:
    """Some positions with finer steps, some with coarser, by a random net that finds "faces"."""
    rng = np.random.default_rng(0)
    width = ARRAYS["y_side.1.weight"].shape[0] // 4
    shapes = {"0.weight": (4, width, 3, 3), "0.bias": (4,), "1.weight": (1, 4, 1, 1), "1.bias": (1,)}
    arrays = ARRAYS | {
        f"focus.{name}": rng.integers(-(1 << 14), 1 << 14, shape).astype(np.int32) for name, shape in shapes.items()
    }
    arrays["focus.1.bias"] += 1 << 25
    stream = Stream(arrays, {})
    sizes = {"lf": (2, 3), "h": (2, 3), "vector": (1, 1), "y": (4, 6)}
    tensors = {
        name: rng.normal(0, 2, (arrays[f"{name}.gain"].shape[1], *size)).astype(np.float32)
        for name, size in sizes.items()
    }
    payload, values = stream.encode(tensors, 120, focus)
    side = stream.side_of_y(stream.join(values.lf, values.h))
    qualities = stream.qualities(side, 120, focus)
    assert qualities.min() < 120 < qualities.max()
    assert payload != stream.encode(tensors, 120, not focus)[0]
    found = independent().decode(payload, 120, 2, 3, arrays, focus=focus)
    decoded = stream.decode(payload, 120, 2, 3, focus)
    for part in SECTIONS:
        np.testing.assert_array_equal(found[part], getattr(values, part))
        np.testing.assert_array_equal(getattr(decoded, part), getattr(values, part))


def test_golden_streams_meet_what_is_rare(stream: Stream) -> None:
    """Escapes of both signs, symbols not sent, most tables."""
    seen: set[int] = set()
    escapes: set[bool] = set()
    pop = stream.models.tables.bits

    def spy(symbols, indices):
        seen.update(indices.tolist())
        escapes.update(symbols[np.abs(symbols) > stream.models.tables.reach[indices]] > 0)
        return pop(symbols, indices)

    stream.models.tables.bits = spy
    for name in NAMES:
        stream.sections(*parts(name, stream))
    del stream.models.tables.bits
    assert 0 in seen
    assert len(seen) > 30
    assert escapes == {True, False}


def test_independent_means_independent() -> None:
    assert "intaglio" not in Path(__file__).with_name("independent.py").read_text()
