"""Fixed point: the proved bounds hold for the constants and at the extremes, and floats are refused everywhere."""

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from intaglio.entropy import fixed
from intaglio.entropy.coder import Decoder, Encoder, Models
from intaglio.entropy.fixed import LIMIT, MAX_BIAS, MAX_FAN_IN, MAX_WEIGHT, Conv, clip, pixel_shuffle, relu, shift
from intaglio.entropy.stream import Stream
from intaglio.entropy.tables import Tables
from intaglio.errors import WeightsError

ARRAYS = load_file(Path(__file__).parents[1] / "golden/tiny.safetensors")


def test_the_proof_counts_right() -> None:
    assert LIMIT == 1 << 19
    assert MAX_WEIGHT * LIMIT == 1 << 36
    assert MAX_FAN_IN * MAX_WEIGHT * LIMIT + MAX_BIAS < 1 << 50
    assert fixed.ACTIVATION + fixed.WEIGHT == 26
    assert (1 << 22) * 256 + (1 << 23) < 1 << 31  # symbol and mean together, times an inverse below 2^24: 2^55


@pytest.mark.parametrize("sign", [1, -1])
def test_largest_sum_is_exact(sign: int) -> None:
    weight = np.full((1, MAX_FAN_IN, 1, 1), sign * (MAX_WEIGHT - 1))
    conv = Conv(weight, np.array([sign * (MAX_BIAS - 1)]))
    x = np.full((MAX_FAN_IN, 1, 3), LIMIT)
    wanted = (sign * (MAX_FAN_IN * (MAX_WEIGHT - 1) * LIMIT + MAX_BIAS - 1) + (1 << 13)) >> 14
    assert conv(x).tolist() == [[[wanted] * 3]]


@pytest.mark.parametrize("size", [1, 3])
def test_convolution_is_exact(size: int) -> None:
    rng = np.random.default_rng(size)
    weight = rng.integers(-MAX_WEIGHT + 1, MAX_WEIGHT, (3, 5, size, size))
    bias = rng.integers(-MAX_BIAS + 1, MAX_BIAS, 3)
    x = rng.integers(-LIMIT, LIMIT + 1, (5, 4, 6))
    r = size // 2
    padded = np.pad(x, ((0, 0), (r, r), (r, r)))
    for o, i, j in np.ndindex(3, 4, 6):
        total = int(bias[o]) + sum(
            int(w) * int(a)
            for w, a in zip(weight[o].reshape(-1), padded[:, i : i + size, j : j + size].reshape(-1), strict=True)
        )
        assert Conv(weight, bias)(x)[o, i, j] == (total + (1 << 13)) >> 14


def test_rounding_is_half_up() -> None:
    assert shift(np.array([-6, -5, -2, -1, 1, 2, 5, 6]), 2).tolist() == [-1, -1, 0, 0, 0, 1, 1, 2]


@pytest.mark.parametrize(
    ("weight", "bias", "inputs"), [(MAX_WEIGHT, 0, 1), (-MAX_WEIGHT, 0, 1), (0, MAX_BIAS, 1), (0, 0, MAX_FAN_IN + 1)]
)
def test_weights_out_of_the_proved_range(weight: int, bias: int, inputs: int) -> None:
    with pytest.raises(WeightsError, match="proved range"):
        Conv(np.full((1, inputs, 1, 1), weight), np.array([bias]))


@pytest.mark.parametrize("function", [clip, relu, pixel_shuffle, lambda x: shift(x, 3)])
def test_limits(function) -> None:
    x = np.array([-(1 << 40), -1, 0, 1 << 40]).reshape(4, 1, 1)
    assert function(x).dtype == np.int64


FLOAT = np.ones((1, 1, 1))


@pytest.mark.parametrize(
    "use",
    [
        lambda: clip(FLOAT),
        lambda: relu(FLOAT),
        lambda: shift(FLOAT, 2),
        lambda: Conv(np.ones((1, 1, 1, 1)), np.ones(1, np.int64)),
        lambda: Conv(np.ones((1, 1, 1, 1), np.int64), np.ones(1)),
        lambda: Conv(np.ones((1, 1, 1, 1), np.int64), np.ones(1, np.int64))(FLOAT),
        lambda: Tables(np.array([1.0]), np.array([0])),
        lambda: Encoder(Models(Tables(ARRAYS["tables.counts"], ARRAYS["tables.reach"]))).push(np.ones(1), np.ones(1, np.int64)),
        lambda: Decoder(Models(Tables(ARRAYS["tables.counts"], ARRAYS["tables.reach"])), b"").pop(np.ones(1)),
    ],
)  # fmt: skip
def test_floats_are_refused(use) -> None:
    with pytest.raises(TypeError, match="integers wanted"):
        use()


@pytest.mark.parametrize("name", ["y.gain", "lf.inverse", "h.offset", "y.quality", "vector.quality", "y.out.0.weight",
                                  "y_side.1.bias", "h_side.weight", "lf.context.2.bias", "tables.counts"])  # fmt: skip
def test_mutant_with_float_weights(name: str) -> None:
    with pytest.raises(TypeError, match="integers wanted"):
        Stream(ARRAYS | {name: ARRAYS[name].astype(np.float64)}, {})


@pytest.mark.parametrize("section", ["lf", "h", "y"])
def test_mutant_with_a_float_in_the_path(section: str) -> None:
    """As if a net gave floats, whole numbers even: the type gives it away wherever it happens."""
    stream = Stream(ARRAYS, {})
    hidden = stream.four[section].passes[2][0].hidden
    inside = hidden.pointwise
    hidden.pointwise = lambda x: inside(x).astype(np.float64)
    with pytest.raises(TypeError, match="integers wanted"):
        stream.decode(b"", 200, 1, 1)


@pytest.mark.parametrize("section", ["lf", "h", "vector", "y"])
def test_mutant_with_float_symbols(section: str) -> None:
    four = Stream(ARRAYS, {}).four[section]
    side = None if four.side is None else np.zeros((four.side.affine.matrix.shape[1], 1, 1), np.int64)
    symbols = lambda kind: lambda where, indices, means, gains: np.zeros(len(where), kind)  # noqa: E731
    four.run(side, 200, 1, 1, symbols(np.int64))
    with pytest.raises(TypeError, match="integers wanted"):
        four.run(side, 200, 1, 1, symbols(np.float64))


@pytest.mark.parametrize(("name", "value"), [("gain", 0), ("gain", 1 << 20), ("inverse", 1 << 24), ("offset", 1 << 20)])
def test_scales_outside_of_the_proved_range_are_refused(name: str, value: int) -> None:
    from intaglio.entropy.fourpass import Scales

    good = {key: np.full((256, 4), 4096) for key in ("gain", "inverse", "offset")}
    Scales.load(good)
    good[name] = good[name].copy()
    good[name][3, 1] = value
    with pytest.raises(WeightsError, match="proved range"):
        Scales.load(good)
