"""Tables and the range coder: any symbols come back, in hardly more bytes than their information."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file

from intaglio.entropy.coder import Decoder, Encoder, Models
from intaglio.entropy.stream import SECTIONS, Stream, Values, grid
from intaglio.entropy.tables import TOTAL, Tables, fit
from intaglio.errors import Corrupt, WeightsError
from intaglio.format import read

GOLDEN = Path(__file__).parents[1] / "golden"
ARRAYS = load_file(GOLDEN / "tiny.safetensors")
TABLES = Tables(ARRAYS["tables.counts"], ARRAYS["tables.reach"])
MODELS = Models(TABLES)

pairs = st.tuples(st.integers(0, 63), st.one_of(st.integers(-4, 4), st.integers(-(1 << 20), 1 << 20)))
passes = st.lists(st.lists(pairs, max_size=30), max_size=4)


def arrays(one):
    indices = np.array([k for k, _ in one], np.int64)
    return np.where(indices > 0, np.array([s for _, s in one], np.int64), 0), indices


@settings(max_examples=30)
@given(passes)
def test_round_trip(coded) -> None:
    encoder = Encoder(MODELS)
    for one in coded:
        encoder.push(*arrays(one))
    data = encoder.finish()
    assert not data.endswith(b"\0")
    decoder = Decoder(MODELS, data)
    for one in coded:
        symbols, indices = arrays(one)
        np.testing.assert_array_equal(decoder.pop(indices), symbols)


def test_nothing_costs_nothing() -> None:
    encoder = Encoder(MODELS)
    assert encoder.finish() == b""
    encoder.push(np.zeros(1000, np.int64), np.zeros(1000, np.int64))
    assert encoder.finish() == b""
    assert not Decoder(MODELS, b"").pop(np.zeros(1000, np.int64)).any()


def test_largest_symbols() -> None:
    symbols = np.array([1 << 20, -(1 << 20)])
    encoder = Encoder(MODELS)
    encoder.push(symbols, np.array([1, 63]))
    np.testing.assert_array_equal(Decoder(MODELS, encoder.finish()).pop(np.array([1, 63])), symbols)


@settings(max_examples=30)
@given(st.binary(max_size=60), st.lists(st.integers(0, 63), max_size=60))
def test_any_bytes_decode_or_are_corrupt(data: bytes, indices: list[int]) -> None:
    try:
        symbols = Decoder(MODELS, data).pop(np.array(indices, np.int64))
    except Corrupt:
        return
    assert np.abs(symbols).max(initial=0) < 1 << 22


@pytest.mark.parametrize("name", ["small", "odd", "dot", "coarse", "scaled", "escapes"])
def test_bytes_are_near_the_information(name: str) -> None:
    """Of the tables as they are, escapes included: at most 3 % and 4 bytes more."""
    stream = Stream(ARRAYS, {})
    header, payload = read((GOLDEN / f"{name}.itg").read_bytes(), seed_of=lambda _: stream.seed)
    sections = stream.sections(payload, header.quality, *grid(header.height, header.width, header.scale))
    assert list(sections) == list(SECTIONS)
    assert len(payload) <= 1.03 * sum(sections.values()) + 4


@pytest.mark.parametrize("k", [1, 20, 40, 63])
def test_bytes_are_near_the_information_of_each_table(k: int) -> None:
    rng = np.random.default_rng(k)
    n = int(TABLES.reach[k])
    coded = rng.choice(2 * n + 1, 2000, p=TABLES.rows[k][:-1] / TABLES.rows[k][:-1].sum()) - n
    encoder, indices = Encoder(MODELS), np.full(2000, k)
    encoder.push(coded, indices)
    assert len(encoder.finish()) <= 1.03 * TABLES.bits(coded, indices) / 8 + 4


def test_bits_count_escapes() -> None:
    k, n = 5, int(TABLES.reach[5])
    wanted = -np.log2(TABLES.rows[k][-1] / TOTAL) + 2 * 3 + 2  # an excess of 8 to 15
    assert TABLES.bits(np.array([n + 9]), np.array([k])) == pytest.approx(wanted)


@settings(max_examples=20)
@given(st.dictionaries(st.integers(-50, 50), st.integers(1, 10**6), max_size=9), st.floats(0.1, 30))
def test_fitted_tables_are_well_formed(histogram, sigma: float) -> None:
    counts, reach = fit([{}, histogram], np.array([0.1, sigma]))
    row = Tables(counts, reach).rows[1]
    np.testing.assert_array_equal(row[:-1], row[-2::-1])


def test_malformed_tables() -> None:
    reach = np.array([0, 1])
    Tables(np.array([1, TOTAL - 3, 1, 1]), reach)
    for counts, n in (([1, TOTAL - 4, 1, 1], reach), ([0, TOTAL - 2, 1, 1], reach), ([TOTAL], reach),
                      ([1, TOTAL - 3, 1, 1], np.array([1, 1])), ([1, TOTAL - 3, 1, 1, 1], reach)):  # fmt: skip
        with pytest.raises(WeightsError):
            Tables(np.array(counts), n)


@pytest.mark.parametrize("size", [0, 1, 14, 100])
def test_a_short_payload_does_not_decode_for_ever(size: int) -> None:
    decoder, taken = Decoder(MODELS, np.random.default_rng(size).bytes(size)), 0
    try:
        while taken < 100_000:
            decoder.pop(np.full(100, 40, np.int64))
            taken += 100
    except Corrupt:
        pass
    assert taken <= 8 * size + 300


def coded(stream: Stream) -> tuple[bytes, Values]:
    """A payload of random tensors at index 200 of 4x4 grains, and what it decodes to."""
    shapes, rng = stream.salvage(b"", 200, 4, 4)[0].floats(), np.random.default_rng(0)
    return stream.encode({name: rng.normal(0, 2, t.shape).astype(np.float32) for name, t in shapes.items()}, 200)


def test_bytes_behind_the_end_are_damage() -> None:
    stream = Stream(ARRAYS, {})
    payload, whole = coded(stream)
    assert np.array_equal(stream.decode(payload, 200, 4, 4).y, whole.y)
    with pytest.raises(Corrupt, match="longer than its picture"):
        stream.decode(payload + b"junk", 200, 4, 4)


def test_what_a_cut_stream_still_holds() -> None:
    stream = Stream(ARRAYS, {})
    payload, whole = coded(stream)
    lengths = (0, len(payload) // 4, len(payload) // 2, len(payload))
    values, shares = zip(*(stream.salvage(payload[:length], 200, 4, 4) for length in lengths))
    assert shares[0] == 0 and list(shares) == sorted(shares) and shares[2] > 0.3 and shares[3] > 0.9
    assert np.array_equal(values[2].lf, whole.lf) and not np.array_equal(values[2].y, whole.y)
