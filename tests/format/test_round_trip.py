"""What is written is read back, over all fields, both profiles, and exact bytes that must never change."""

import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intaglio.format import Chunk, Header, describe, peek, read, write
from intaglio.format.sizes import SIZES, code_of

SEED = 0xC0FFEE42

sides = st.integers(1, 65535)
chunk_lists = st.dictionaries(st.integers(0, 127), st.binary(max_size=300), max_size=5).map(
    lambda chunks: tuple(Chunk(kind, chunks[kind]) for kind in sorted(chunks))
)


@st.composite
def headers(draw: st.DrawFn, streams: st.SearchStrategy[int]) -> Header:
    width, height = draw(st.sampled_from(SIZES) | st.tuples(sides, sides))
    stream = draw(streams | st.just(255))
    return Header(
        width=width,
        height=height,
        quality=draw(st.integers(0, 255)),
        stream=stream,
        scale=draw(st.integers(0, 3)),
        grey=draw(st.booleans()),
        digest=draw(st.binary(min_size=8, max_size=8)) if stream == 255 else None,
        chunks=draw(chunk_lists),
    )


def round_trip(header: Header, payload: bytes, seed: int, bare: bool) -> None:
    data = write(header, payload, seed=seed, bare=bare)
    assert read(data, seed_of=lambda _: seed, bare=bare, max_pixels=65535**2) == (header, payload)
    assert peek(data, bare=bare) == header
    assert 8 * (len(data) - len(payload)) == sum(bits for _, bits, _ in describe(header, bare=bare))


@settings(deadline=None)
@given(headers(st.integers(1, 254)), st.binary(max_size=100), st.integers(0, 2**32 - 1))
def test_full(header: Header, payload: bytes, seed: int) -> None:
    round_trip(header, payload, seed, bare=False)


@settings(deadline=None)
@given(headers(st.integers(1, 14)), st.binary(max_size=100), st.integers(0, 2**32 - 1))
def test_bare(header: Header, payload: bytes, seed: int) -> None:
    round_trip(header, payload, seed, bare=True)


PORTRAIT = Header(width=256, height=256, quality=90, stream=1)
ODD = Header(width=1001, height=3, quality=255, stream=1, scale=3, grey=True)
CUSTOM = Header(width=413, height=531, quality=0, stream=255, scale=1, digest=bytes(range(8)))
EXTENDED = Header(width=8, height=8, quality=7, stream=2, chunks=(Chunk(1, b"ab"), Chunk(0x7F, bytes(200))))

GOLDEN = [
    (PORTRAIT, False, "9049 10 01 1c 5a c431abdf 70"),
    (PORTRAIT, True, "01 1c 5a 8a28 70"),
    (ODD, False, "9049 1e 01 00 03e9 0003 ff 8e46c628 70"),
    (ODD, True, "e1 00 03e9 0003 ff 1d65 70"),
    (CUSTOM, False, "9049 14 ff 67 00 0001020304050607 c6a55f83 70"),
    (CUSTOM, True, "4f 67 00 0001020304050607 6d33 70"),
    (EXTENDED, False, "9049 11 02 00 0008 0008 07 02 02 01 6162 c801 7f" + "00" * 200 + "9b85a72f 70"),
    (EXTENDED, True, "12 00 0008 0008 07 02 02 01 6162 c801 7f" + "00" * 200 + "c6cc 70"),
]


@pytest.mark.parametrize(("header", "bare", "golden"), GOLDEN)
def test_golden_bytes(header: Header, bare: bool, golden: str) -> None:
    """Files that exist carry these bytes: when this fails the format has changed, and the code is wrong."""
    data = bytes.fromhex(golden)
    assert write(header, b"p", seed=SEED, bare=bare) == data
    assert read(data, seed_of=lambda _: SEED, bare=bare) == (header, b"p")


@pytest.mark.parametrize("halvings", range(9))
def test_every_coded_scale(halvings: int) -> None:
    scale, chunks = Header.scaled(halvings)
    header = Header(width=8000, height=8000, quality=9, stream=2, scale=scale, chunks=chunks)
    data = write(header, b"p", seed=SEED)
    assert read(data, seed_of=lambda _: SEED)[0].halvings == halvings
    assert len(data) == (15 if halvings <= 3 else 19)


def test_overhead() -> None:
    lengths = [len(write(header, b"", seed=0, bare=bare)) for header in (PORTRAIT, ODD) for bare in (False, True)]
    assert lengths == [10, 5, 14, 9]


def test_sizes_are_frozen() -> None:
    assert len(SIZES) == len(set(SIZES)) == 255
    assert zlib.crc32(repr(SIZES).encode()) == 0x83CC01DB
    assert [code_of(*size) for size in SIZES] == list(range(1, 256))
    assert code_of(257, 255) == 0
    assert max(width * height for width, height in SIZES) <= 64_000_000


def test_explicit_spelling_of_a_common_size_is_read() -> None:
    """Another writer may not use the table."""
    head = bytes.fromhex("9049 10 01 00 0100 0100 5a")
    data = head + zlib.crc32(head, SEED).to_bytes(4, "big")
    assert read(data, seed_of=lambda _: SEED) == (PORTRAIT, b"")


@pytest.mark.parametrize("bare", [False, True])
def test_padded_slot(bare: bool) -> None:
    data = write(PORTRAIT, b"payload", seed=SEED, bare=bare)
    slot = data + bytes(50)
    assert read(slot, seed_of=lambda _: SEED, bare=bare, length=len(data)) == (PORTRAIT, b"payload")


def test_seed_depends_on_the_header() -> None:
    data = write(PORTRAIT, b"payload", seed=7)
    assert read(data, seed_of=lambda header: {1: 7}[header.stream])[1] == b"payload"


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"width": 0}, "width is 0, allowed are 1 to 65535"),
        ({"height": 65536}, "height is 65536"),
        ({"quality": 256}, "quality is 256"),
        ({"quality": -1}, "quality is -1"),
        ({"scale": 4}, "scale is 4"),
        ({"stream": 0}, "stream is 0"),
        ({"version": 2}, "version is 2"),
        ({"stream": 255}, "has a digest"),
        ({"digest": bytes(8)}, "has a digest"),
        ({"stream": 255, "digest": bytes(9)}, "9 bytes"),
        ({"chunks": (Chunk(1, b""),) * 256}, "256 chunks"),
    ],
)
def test_no_header_out_of_range(wrong: dict[str, object], sentence: str) -> None:
    fields: dict[str, object] = {"width": 8, "height": 8, "quality": 1, "stream": 1}
    with pytest.raises(ValueError, match=sentence):
        Header(**fields | wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("stream", [15, 254])
def test_streams_without_a_bare_form(stream: int) -> None:
    with pytest.raises(ValueError, match="no bare form"):
        write(Header(width=8, height=8, quality=1, stream=stream), b"", seed=0, bare=True)


def test_describe() -> None:
    assert describe(EXTENDED, bare=True) == [
        ("scale", 2, "1"),
        ("grey", 1, "no"),
        ("extension", 1, "yes"),
        ("stream", 4, "2 (cgdm)"),
        ("size", 8, "0 (explicit)"),
        ("width", 16, "8"),
        ("height", 16, "8"),
        ("quality", 8, "7"),
        ("chunks", 8 * 208, "alpha (2 bytes), 0x7f (200 bytes)"),
        ("checksum", 16, "CRC-16"),
    ]
    shown = {name: text for name, _, text in describe(CUSTOM)}
    assert shown["size"] == f"{code_of(413, 531)} (413x531)"
    assert shown["digest"] == "0001020304050607"
    assert (shown["magic"], shown["scale"], shown["stream"]) == ("9049", "1/2", "255 (custom)")
