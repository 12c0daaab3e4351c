"""Any bytes end in a header or in a clear IntaglioError, in both profiles, and nothing is allocated for lies."""

import tracemalloc
import zlib
from contextlib import suppress

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from intaglio.errors import Corrupt, IntaglioError, LimitExceeded, MissingModel, NewerVersion, NotIntaglio
from intaglio.format import Chunk, Header, peek, read, write

SEEDS = {1: 0x01234567, 2: 0x89ABCDEF, 255: 0x5EEDF00D}


def seed_of(header: Header) -> int:
    if header.stream not in SEEDS:
        raise MissingModel(f"no weights for stream {header.stream}")
    return SEEDS[header.stream]


SMALL = [
    Header(width=256, height=256, quality=90, stream=1),
    Header(width=1001, height=3, quality=255, stream=2, scale=3, grey=True),
    Header(width=413, height=531, quality=0, stream=255, digest=bytes(range(8))),
    Header(width=9, height=8, quality=7, stream=1, chunks=(Chunk(1, b"ab"), Chunk(0x7F, bytes(130)))),
]
FILES = [(write(h, bytes(range(40)), seed=SEEDS[h.stream], bare=bare), bare) for h in SMALL for bare in (False, True)]


def sealed(head: str, payload: bytes = b"") -> bytes:
    """A full file of stream 1 with a right checksum over any head, given in hexadecimal."""
    start = bytes.fromhex(head)
    return start + zlib.crc32(payload, zlib.crc32(start, SEEDS[1])).to_bytes(4, "big") + payload


@pytest.mark.parametrize(("data", "bare"), FILES)
def test_truncated_at_every_length(data: bytes, bare: bool) -> None:
    for length in range(len(data)):
        with pytest.raises(NotIntaglio if not bare and length == 0 else Corrupt):
            read(data[:length], seed_of=seed_of, bare=bare)


@pytest.mark.parametrize(("data", "bare"), FILES)
def test_every_bit_flipped(data: bytes, bare: bool) -> None:
    for bit in range(8 * len(data)):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 0x80 >> bit % 8
        with pytest.raises(IntaglioError):
            read(bytes(flipped), seed_of=seed_of, bare=bare)


@pytest.mark.parametrize(("data", "bare"), FILES)
def test_bytes_behind_the_end(data: bytes, bare: bool) -> None:
    for tail in (b"\0", bytes(100), b"\n", data):
        with pytest.raises(Corrupt, match="behind its end"):
            read(data + tail, seed_of=seed_of, bare=bare)


@settings(deadline=None)
@given(st.binary(max_size=200), st.booleans(), st.booleans())
@example(b"\x90", False, False)
@example(b"", True, False)
def test_any_bytes(tail: bytes, bare: bool, magic: bool) -> None:
    data = b"\x90I\x11" + tail if magic else tail
    for parse in (lambda: peek(data, bare=bare), lambda: read(data, seed_of=seed_of, bare=bare)):
        with suppress(IntaglioError):
            parse()


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"\x89PNG\r\n\x1a\n" + bytes(20), "a PNG picture"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "a JPEG picture"),
        (b"RIFF\x24\0\0\0WEBPVP8 ", "a WebP picture"),
        (b"\0\0\0\x20ftypavif", "an AVIF picture"),
        (b"Dear reader,\n", "text"),
        ("Grüße".encode() * 20, "text"),
        (b"x" * 63 + "ü".encode(), "text"),
        (b"", "empty"),
        (b"\x01\x02\x03", "begins with 01 02"),
    ],
)
def test_foreign(data: bytes, what: str) -> None:
    for parse in (peek, lambda data: read(data, seed_of=seed_of)):
        with pytest.raises(NotIntaglio, match=what):
            parse(data)


def test_profiles_cannot_be_confused() -> None:
    for data, bare in FILES:
        with pytest.raises(IntaglioError, match="full profile" if not bare else "not an .itg file"):
            read(data, seed_of=seed_of, bare=not bare)


def test_foreign_as_bare() -> None:
    with pytest.raises(Corrupt, match="looks like text"):
        read(b"A bare file has no magic", seed_of=seed_of, bare=True)
    with pytest.raises(Corrupt, match="empty slot"):
        read(bytes(100), seed_of=seed_of, bare=True)


def test_later_version() -> None:
    with pytest.raises(NewerVersion, match=r"version 2 .*pip install --upgrade intaglio"):
        read(bytes.fromhex("9049 20"), seed_of=seed_of)
    with pytest.raises(Corrupt, match="version is 0"):
        read(bytes.fromhex("9049 00"), seed_of=seed_of)


def test_unknown_stream_is_the_callers_word() -> None:
    with pytest.raises(MissingModel, match="stream 77"):
        read(write(Header(width=8, height=8, quality=1, stream=77), b"", seed=0), seed_of=seed_of)


@pytest.mark.parametrize("bare", [False, True])
def test_hostile_sizes(bare: bool) -> None:
    def never(header: Header) -> int:
        raise AssertionError("the limit comes first")

    data = write(Header(width=65535, height=65535, quality=1, stream=1), b"", seed=0, bare=bare)
    with pytest.raises(LimitExceeded, match=r"65535x65535 .*max_pixels= or --max-pixels"):
        read(data, seed_of=never, bare=bare)
    assert read(data, seed_of=lambda _: 0, bare=bare, max_pixels=65535**2)[1] == b""
    assert peek(data, bare=bare).width == 65535


def test_limit_is_inclusive() -> None:
    data = write(Header(width=8000, height=8000, quality=1, stream=1), b"", seed=SEEDS[1])
    read(data, seed_of=seed_of)
    with pytest.raises(LimitExceeded):
        read(data, seed_of=seed_of, max_pixels=8000 * 8000 - 1)


@pytest.mark.parametrize("side", ["0000 0005", "0005 0000"])
def test_no_picture_without_pixels(side: str) -> None:
    with pytest.raises(Corrupt, match="is 0, allowed are 1 to 65535"):
        read(sealed(f"9049 10 01 00 {side} 5a"), seed_of=seed_of)


HEAD = "9049 11 01 0c 5a "  # the extension flag is set


def test_chunks_are_kept_known_or_not() -> None:
    chunks = (Chunk(4, b"exif"), Chunk(0x6D, b"again"), Chunk(0x6E, b""))
    header = Header(width=8, height=8, quality=1, stream=1, chunks=chunks)
    assert read(write(header, b"p", seed=SEEDS[1]), seed_of=seed_of) == (header, b"p")


@pytest.mark.parametrize(("kind", "name"), [(0x81, "tiles"), (0x84, "focus"), (0xFF, "0xff")])
def test_unknown_critical_chunk(kind: int, name: str) -> None:
    header = Header(width=8, height=8, quality=1, stream=1, chunks=(Chunk(1, b""), Chunk(kind, b"x")))
    data = write(header, b"p", seed=SEEDS[1])
    assert peek(data) == header
    with pytest.raises(NewerVersion, match=f'cannot be drawn without its chunk "{name}"'):
        read(data, seed_of=seed_of)
    with pytest.raises(Corrupt, match="checksum"):  # damage is not taken for a newer file
        read(data[:-1] + b"q", seed_of=seed_of)


@pytest.mark.parametrize(
    ("chunks", "sentence"),
    [
        ("00", "counts none"),
        ("01 ff ff ff 7f 01", "chunk 1 of 1 declares 268435455 bytes and the file has 4 left"),
        ("01 ff ff ff ff 01 01", "more than four bytes"),
        ("01 80 00 01", "padded with a zero"),
        ("01 82 80 00 01 00 00", "padded with a zero"),
        ("02 00 01 09 01", "chunk 2 of 2 declares 9 bytes"),
        ("02 00 84 00 84", "focus follows chunk focus"),
        ("02 00 02 00 01", "kinds ascend"),
    ],
)
def test_hostile_chunks(chunks: str, sentence: str) -> None:
    with pytest.raises(Corrupt, match=sentence):
        read(sealed(HEAD + chunks), seed_of=seed_of)


@pytest.mark.parametrize(("scale", "further"), [(2, "01"), (3, ""), (3, "00"), (3, "06"), (3, "0001")])
def test_a_scale_has_one_spelling(scale: int, further: str) -> None:
    chunks = (Chunk(0x85, bytes.fromhex(further)),)
    header = Header(width=8, height=8, quality=1, stream=1, scale=scale, chunks=chunks)
    with pytest.raises(NewerVersion, match='chunk "scale"'):
        read(write(header, b"p", seed=SEEDS[1]), seed_of=seed_of)


def test_no_memory_for_lies() -> None:
    """255 chunks of 256 MiB each, declared in a file of a few bytes."""
    data = sealed(HEAD + "ff" + "ff ff ff 7f 01" * 255)
    tracemalloc.start()
    with pytest.raises(Corrupt):
        read(data, seed_of=seed_of)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100_000


@pytest.mark.parametrize(("kind", "length"), [(-1, 0), (256, 0), (1, 1 << 28)])
def test_no_chunk_out_of_range(kind: int, length: int) -> None:
    class Long(bytes):
        def __len__(self) -> int:
            return length

    with pytest.raises(ValueError, match="allowed are"):
        Chunk(kind, Long())


@pytest.mark.parametrize(("data", "bare"), FILES)
def test_length(data: bytes, bare: bool) -> None:
    with pytest.raises(Corrupt, match=f"should have {len(data) + 1} bytes and only {len(data)}"):
        read(data, seed_of=seed_of, bare=bare, length=len(data) + 1)
    with pytest.raises(Corrupt, match="checksum"):
        read(data, seed_of=seed_of, bare=bare, length=len(data) - 1)
    with pytest.raises(IntaglioError, match="empty"):
        read(data, seed_of=seed_of, bare=bare, length=0)
    with pytest.raises(ValueError, match="negative"):
        read(data, seed_of=seed_of, bare=bare, length=-1)


def test_wrong_tables() -> None:
    with pytest.raises(Corrupt, match="other tables"):
        read(FILES[0][0], seed_of=lambda _: 1)
