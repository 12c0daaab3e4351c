"""What a file says of itself: the values of the header's fields (`fields`), and its chunks."""

from collections.abc import Mapping
from dataclasses import dataclass

from intaglio.format import chunks as extension
from intaglio.format import sizes, streams
from intaglio.format.chunks import Chunk
from intaglio.format.faces import Faces
from intaglio.format.fields import CHECKSUM, CHUNKS, DIGEST_BYTES, FIXED, FURTHER, MAGIC, MAX_SCALE, VERSION


@dataclass(frozen=True)
class Header:
    """What a file says of itself. A header that breaks a range cannot be made: ValueError.

    width, height  1 to 65,535 pixels, as displayed
    quality        index, 0 to 255
    stream         id, 1 to 255; see streams.py
    scale          0 to 3: the picture is coded at 1, 1/2, 1/4, 1/8 of its size
    grey           the picture is grey
    digest         8 bytes for a custom stream (255), None for any other
    chunks         at most 255 extension chunks, their kinds ascending
    version        of the format, 1
    """

    width: int
    height: int
    quality: int
    stream: int
    scale: int = 0
    grey: bool = False
    digest: bytes | None = None
    chunks: tuple[Chunk, ...] = ()
    version: int = VERSION

    def __post_init__(self) -> None:
        if (self.stream == streams.CUSTOM) != (self.digest is not None):
            raise ValueError(f"a custom stream ({streams.CUSTOM}) has a digest and no other stream has one")
        if self.digest is not None and len(self.digest) != DIGEST_BYTES:
            raise ValueError(f"digest has {len(self.digest)} bytes, it must have {DIGEST_BYTES}")
        values = self.values()
        for field in FIXED:
            if field.when.holds(values) and (sentence := field.misfit(values[field.name])):
                raise ValueError(sentence)
        if sentence := extension.misfit(self.chunks):
            raise ValueError(sentence)

    @property
    def focus(self) -> bool:
        """The payload is coded still finer where a face is."""
        return self.chunk(extension.FOCUS) is not None

    @classmethod
    def scaled(cls, halvings: int) -> tuple[int, tuple[Chunk, ...]]:
        """The header's own two bits for a number of halvings (0 to 8), and the chunk for the rest, if any."""
        scale = min(halvings, MAX_SCALE)
        rest = halvings - scale
        return scale, (Chunk(extension.SCALE, bytes([rest])),) if rest else ()

    @property
    def halvings(self) -> int:
        """The picture is coded at 1 / 2**halvings of its size: 0 to 8."""
        return self.scale + int.from_bytes(self.chunk(extension.SCALE) or b"", "big")

    def chunk(self, kind: int) -> bytes | None:
        """The data of the chunk of a kind, None where there is none."""
        return next((chunk.data for chunk in self.chunks if chunk.kind == kind), None)

    @property
    def faces(self) -> Faces | None:
        """The faces that are coded apart, if any. Raises Corrupt where their chunk is damaged."""
        data = self.chunk(extension.FACES)
        return None if data is None else Faces.unpack(data)

    def foreign(self) -> Chunk | None:
        """The first critical chunk that this version cannot act on: of an unknown kind, or with data it does not know."""
        return next((chunk for chunk in self.chunks if chunk.critical and not self._knows(chunk)), None)

    def _knows(self, chunk: Chunk) -> bool:
        match chunk.kind:
            case extension.FOCUS:
                return not chunk.data
            case extension.SCALE:
                return self.scale == MAX_SCALE and len(chunk.data) == 1 and 1 <= chunk.data[0] <= FURTHER
            case kind:
                return kind == extension.FACES

    def values(self) -> dict[str, int]:
        """The value of every field in FIXED, by name."""
        return {
            "magic": int.from_bytes(MAGIC, "big"),
            "version": self.version,
            "scale": self.scale,
            "grey": int(self.grey),
            "extension": int(bool(self.chunks)),
            "stream": self.stream,
            "size": sizes.code_of(self.width, self.height),
            "width": self.width,
            "height": self.height,
            "quality": self.quality,
            "digest": int.from_bytes(self.digest or b"", "big"),
        }

    @classmethod
    def of(cls, values: Mapping[str, int], chunks: tuple[Chunk, ...]) -> "Header":
        """The header whose fields have these values, each within its range; those absent from a file may be missing."""
        code = values["size"]
        width, height = (values["width"], values["height"]) if code == sizes.EXPLICIT else sizes.SIZES[code - 1]
        return cls(
            width=width,
            height=height,
            quality=values["quality"],
            stream=values["stream"],
            scale=values["scale"],
            grey=bool(values["grey"]),
            digest=values["digest"].to_bytes(DIGEST_BYTES, "big") if "digest" in values else None,
            chunks=chunks,
        )


def describe(header: Header, *, bare: bool = False) -> list[tuple[str, int, str]]:
    """The fields before the payload as `write` would lay them out: name, bits, value for people."""
    values = header.values()
    rows = [(f.name, bits, f.show(values[f.name])) for f in FIXED if (bits := f.bits(values, bare))]
    if header.chunks:
        names = ", ".join(f"{chunk.name} ({len(chunk.data)} bytes)" for chunk in header.chunks)
        rows.append((CHUNKS.name, 8 * len(extension.pack(header.chunks)), names))
    return [*rows, (CHECKSUM.name, CHECKSUM.bits(values, bare), "CRC-16" if bare else "CRC-32")]
