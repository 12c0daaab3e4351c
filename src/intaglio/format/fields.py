"""The header of an .itg file, declared once: FIELDS.

The writer, the reader, `describe` (what `info` prints) and the table in docs/format.md all go by this one tuple.
Fields follow each other in its order, most significant bit first, without padding between them; together they fill
whole bytes in both profiles. Integers of more than one byte are big-endian.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from intaglio.format import sizes, streams

VERSION = 1
MAGIC = b"\x90I"
MAX_SCALE = 3  # halvings in the header's own two bits; the chunk `scale` goes on from there
FURTHER = 5  # halvings that it adds at most
COARSEST = MAX_SCALE + FURTHER  # halvings of the smallest coded scale, 1/256
DIGEST_BYTES = 8
MAX_SIDE = 65535  # pixels


def fraction(halvings: int) -> str:
    """A coded scale for people: "1", "1/2", "1/4" and so on."""
    return "1" if halvings == 0 else f"1/{1 << halvings}"


@dataclass(frozen=True)
class Condition:
    """When a field is there: for people, and as a test on the values of the fields before it."""

    text: str
    holds: Callable[[Mapping[str, int]], bool]


ALWAYS = Condition("", lambda values: True)
EXPLICIT_SIZE = Condition("size is 0", lambda values: values["size"] == sizes.EXPLICIT)
CUSTOM_STREAM = Condition("stream is custom", lambda values: values["stream"] == streams.CUSTOM)
EXTENDED = Condition("extension is 1", lambda values: values["extension"] == 1)


@dataclass(frozen=True)
class Field:
    """One field: `full` and `bare` are its bits in the two profiles (0: not there, None: as many as it takes)."""

    name: str
    full: int | None
    bare: int | None
    meaning: str
    reason: str
    low: int = 0  # the range of its value, the same in both profiles
    high: int = 0
    when: Condition = ALWAYS
    show: Callable[[int], str] = str
    to_bare: Callable[[int], int] = int  # how the bare profile writes the value,
    from_bare: Callable[[int], int] = int  # and reads it

    def bits(self, values: Mapping[str, int], bare: bool) -> int:
        """The bits that the field takes after fields of these values, 0 when it is not there."""
        width = self.bare if bare else self.full
        return width if width and self.when.holds(values) else 0

    def misfit(self, value: int) -> str | None:
        """Half a sentence about a value out of range, None for one within."""
        if self.low <= value <= self.high:
            return None
        return f"{self.name} is {value}, allowed are {self.low} to {self.high}"


FIXED = (
    Field(
        "magic",
        full=16,
        bare=0,
        low=int.from_bytes(MAGIC, "big"),
        high=int.from_bytes(MAGIC, "big"),
        show=lambda value: f"{value:04x}",
        meaning="the bytes 90 49",
        reason="90 begins no text (UTF-8 only continues a character with it, Windows-1252 has none there), is not the "
        "frame mark of KISS and SLIP radio links, and ends in 0, a stream that no bare file has, so that the two "
        "profiles cannot be confused; 49 is the I that people see in a hex dump",
    ),
    Field(
        "version",
        full=4,
        bare=0,
        low=VERSION,
        high=VERSION,
        meaning="version of the format",
        reason="a later layout is told from damage; the bare profile has no room for it and grows by chunks alone",
    ),
    Field(
        "scale",
        full=2,
        bare=2,
        high=MAX_SCALE,
        show=fraction,
        meaning="coded scale: 0 to 3 for 1, 1/2, 1/4, 1/8 of the size",
        reason="a large picture fits a small budget: it is coded smaller and enlarged by the decoder",
    ),
    Field(
        "grey",
        full=1,
        bare=1,
        high=1,
        show=lambda value: "yes" if value else "no",
        meaning="1: the picture is grey",
        reason="grey in, grey out, at the cost of one bit",
    ),
    Field(
        "extension",
        full=1,
        bare=1,
        high=1,
        show=lambda value: "yes" if value else "no",
        meaning="1: chunks follow",
        reason="room to grow that costs nothing while unused",
    ),
    Field(
        "stream",
        full=8,
        bare=4,
        low=1,
        high=streams.CUSTOM,
        show=lambda value: f"{value} ({streams.name(value)})",
        to_bare=streams.to_bare,
        from_bare=streams.from_bare,
        meaning="stream id: 255 (bare: 15) is custom",
        reason="names all that the symbols depend on; 0 is no stream, so that an empty slot is never a file",
    ),
    Field(
        "size",
        full=8,
        bare=8,
        high=len(sizes.SIZES),
        show=sizes.show,
        meaning="size code: 0 is explicit, else an entry of the sizes table",
        reason="most pictures have one of few sizes: 1 byte in place of 5",
    ),
    Field(
        "width",
        full=16,
        bare=16,
        low=1,
        high=MAX_SIDE,
        when=EXPLICIT_SIZE,
        meaning="pixels, as displayed",
        reason="any size; also allowed for a size that has a code",
    ),
    Field(
        "height",
        full=16,
        bare=16,
        low=1,
        high=MAX_SIDE,
        when=EXPLICIT_SIZE,
        meaning="pixels, as displayed",
        reason="as width",
    ),
    Field(
        "quality",
        full=8,
        bare=8,
        high=255,
        meaning="quality index",
        reason="selects gains and tables, so it is exact; 256 steps whose meaning the stream freezes",
    ),
    Field(
        "digest",
        full=8 * DIGEST_BYTES,
        bare=8 * DIGEST_BYTES,
        high=(1 << 8 * DIGEST_BYTES) - 1,
        when=CUSTOM_STREAM,
        show=lambda value: f"{value:0{2 * DIGEST_BYTES}x}",
        meaning="digest of the custom model",
        reason="models that users train need no registry, and two of them are never mixed up",
    ),
)
CHUNKS = Field(
    "chunks",
    full=None,
    bare=None,
    when=EXTENDED,
    meaning="extension chunks, see Chunks",
    reason="before the checksum, so that it covers them",
)
CHECKSUM = Field(
    "checksum",
    full=32,
    bare=16,
    meaning="CRC over all other bytes, seeded by the stream's tables, see Checksum",
    reason="damage to a coded payload shows no other way; before the payload, which then needs no length",
)
PAYLOAD = Field(
    "payload",
    full=None,
    bare=None,
    meaning="the coded picture, to the end of the file",
    reason="the file's own length is known to whoever holds it: no bytes are spent on it",
)
FIELDS = (*FIXED, CHUNKS, CHECKSUM, PAYLOAD)
