"""Extension chunks: room to grow without a version 2, in the spirit of PNG's.

    [count 1 byte, 1..255] then for each chunk [length of data, varint] [kind 1 byte] [data]

The list is counted, so that a hostile file cannot ask for more than 255 objects; lengths are LEB128 in at most
four bytes (below 256 MiB) and in their shortest form, and kinds ascend, each there once, so that one list has one
spelling. A kind of 128 and up is critical: who does not know it cannot draw the picture rightly and must refuse it.
Others are kept and skipped.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from intaglio.errors import Corrupt
from intaglio.format.varint import read_varint, varint

CRITICAL = 0x80
MAX_COUNT = 255
MAX_LENGTH = (1 << 28) - 1  # four varint bytes of 7 bits


class Kind(NamedTuple):
    """A registered kind of chunk: its name and what it is kept for."""

    name: str
    use: str


KINDS = {
    0x01: Kind("alpha", "transparency, coded apart; without it the picture is drawn opaque"),
    0x02: Kind("grey", "tint and transfer curve of a grey picture, beyond the header's grey flag"),
    0x03: Kind("depth", "bits a sample of the original, where more than 8"),
    0x04: Kind("exif", "EXIF metadata, orientation already applied"),
    0x05: Kind("icc", "the original's ICC profile, for those who convert back; pixels are sRGB"),
    0x06: Kind("boxes", "where faces are, in pixels"),
    0x07: Kind("signature", "a signature over the rest of the file, see Signature"),
    0x08: Kind("hint", "the decoder, steps and realism that the sender saw"),
    0x09: Kind("text", "a short plain text beside the picture, UTF-8"),
    0x0A: Kind("expiry", "the last day on which the file counts: days since 1970-01-01, two bytes"),
    0x81: Kind("tiles", "the payload is a grid of tiles, each with a stream of its own"),
    0x82: Kind("colour", "the pixels are not sRGB but this colour space"),
    0x83: Kind("animation", "the payload holds several frames and their durations"),
    0x84: Kind("focus", "y is coded still finer where a face is, see Focus; no data"),
    0x85: Kind("scale", "one byte, 1 to 5: the picture is coded so many halvings smaller still than 1/8"),
    0x86: Kind("faces", "faces that are coded apart, see Faces"),
}
SIGNATURE, TEXT, EXPIRY = 0x07, 0x09, 0x0A
FOCUS, SCALE, FACES = 0x84, 0x85, 0x86


@dataclass(frozen=True)
class Chunk:
    """One extension chunk: kind 0 to 255 (critical from 128 on), up to MAX_LENGTH bytes of data.

    ValueError for a kind or a length outside these ranges.
    """

    kind: int
    data: bytes

    def __post_init__(self) -> None:
        if not 0 <= self.kind <= 255:
            raise ValueError(f"chunk kind is {self.kind}, allowed are 0 to 255")
        if len(self.data) > MAX_LENGTH:
            raise ValueError(f"chunk {self.name} has {len(self.data)} bytes, allowed are up to {MAX_LENGTH}")

    @property
    def critical(self) -> bool:
        return self.kind >= CRITICAL

    @property
    def name(self) -> str:
        return KINDS[self.kind].name if self.kind in KINDS else f"0x{self.kind:02x}"


def misfit(chunks: Sequence[Chunk]) -> str | None:
    """Half a sentence about chunks that one file cannot have together, None for those that it can."""
    if len(chunks) > MAX_COUNT:
        return f"{len(chunks)} chunks, allowed are up to {MAX_COUNT}"
    for before, after in zip(chunks, chunks[1:]):
        if before.kind >= after.kind:
            return f"chunk {after.name} follows chunk {before.name}: kinds ascend, and each is there once"
    return None


def pack(chunks: Sequence[Chunk]) -> bytes:
    """The bytes of 1 to 255 chunks, count first."""
    parts = [bytes([len(chunks)])]
    for chunk in chunks:
        parts += varint(len(chunk.data)), bytes([chunk.kind]), chunk.data
    return b"".join(parts)


def unpack(data: bytes, at: int) -> tuple[tuple[Chunk, ...], int]:
    """The chunks packed in `data` from byte `at` on, and the byte after them. Corrupt when they are not whole.

    Copies at most the bytes that are there, whatever the lengths say.
    """
    count, at = _byte(data, at)
    if count == 0:
        raise Corrupt("the header announces extension chunks and then counts none")
    chunks = []
    for index in range(1, count + 1):
        length, at = read_varint(data, at)
        kind, at = _byte(data, at)
        end = at + length
        if end > len(data):
            left = len(data) - at
            raise Corrupt(f"extension chunk {index} of {count} declares {length} bytes and the file has {left} left")
        chunks.append(Chunk(kind, data[at:end]))
        at = end
    if sentence := misfit(chunks):
        raise Corrupt(f"the extension chunks are damaged: {sentence}")
    return tuple(chunks), at


def _byte(data: bytes, at: int) -> tuple[int, int]:
    if at >= len(data):
        raise Corrupt(f"the file ends after {len(data)} bytes, within its extension chunks")
    return data[at], at + 1
