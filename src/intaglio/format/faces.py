"""The chunk `faces`: faces that are coded apart, each in a frame of its own, at a rate of its own.

    [stream of the patches, 1 byte] then for each face [placement, 5 bytes] [quality index, 1 byte] [length, varint]

The payloads of the patches follow the ground's, in the order of the chunk. A placement is 40 bits, the first ones most
significant: the centre's x and y (12 each), size (8), angle (6), scale (2). All of it are integers; what they stand for
is said at each.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from intaglio.errors import Corrupt
from intaglio.format.varint import read_varint, varint

MAX_FACES = 32
FRAME = 320, 256  # rows and columns of a patch
PLACEMENT = 5  # bytes


@dataclass(frozen=True)
class Placement:
    """Where a patch lies in its picture, and at which of its scales it is coded. Ranges are checked: ValueError.

    x, y   0 to 4095: the centre is at (x + 1/2) / 4096 of the picture's width, y likewise of its height
    size   0 to 255: the patch's width is 2**((size - 224) / 28) of the picture's longer side: 1/256 to 2.2 of it
    angle  0 to 63: the patch's rows point angle / 64 of a full turn clockwise from the picture's
    scale  0 to 3: the patch is coded at 1, 1/2, 1/4 or 1/8 of the frame
    """

    x: int
    y: int
    size: int
    angle: int
    scale: int

    BITS: ClassVar = {"x": 12, "y": 12, "size": 8, "angle": 6, "scale": 2}

    def __post_init__(self) -> None:
        for name, bits in self.BITS.items():
            if not 0 <= getattr(self, name) < 1 << bits:
                raise ValueError(f"{name} of a face is {getattr(self, name)}, allowed are 0 to {(1 << bits) - 1}")

    def pack(self) -> bytes:
        """Its 5 bytes."""
        number = 0
        for name, bits in self.BITS.items():
            number = number << bits | getattr(self, name)
        return number.to_bytes(PLACEMENT, "big")

    @classmethod
    def unpack(cls, data: bytes) -> Placement:
        """The placement of 5 bytes: any are one."""
        number, values = int.from_bytes(data, "big"), {}
        for name, bits in reversed(cls.BITS.items()):
            values[name] = number & (1 << bits) - 1
            number >>= bits
        return cls(**values)

    def affine(self, height: int, width: int) -> tuple[float, float, float, float, float, float]:
        """(a, b, c, d, e, f) from a point (u, v) of the patch, both 0 to 1, to (a u + b v + c, d u + e v + f) in pixels.

        Of a picture of this size, its edges at 0, width and height.
        """
        wide = 2 ** ((self.size - 224) / 28) * max(height, width)
        high = wide * FRAME[0] / FRAME[1]
        turn = math.tau * self.angle / 64
        a, b, d, e = wide * math.cos(turn), -high * math.sin(turn), wide * math.sin(turn), high * math.cos(turn)
        middle = (self.x + 0.5) / 4096 * width, (self.y + 0.5) / 4096 * height
        return a, b, middle[0] - (a + b) / 2, d, e, middle[1] - (d + e) / 2


@dataclass(frozen=True)
class FaceEntry:
    """One face of the chunk: where it lies, its quality index 0 to 255, the bytes of its payload."""

    placement: Placement
    quality: int
    length: int


@dataclass(frozen=True)
class Faces:
    """What the chunk says: the stream of all patches, and 1 to 32 faces."""

    stream: int
    entries: tuple[FaceEntry, ...]

    def pack(self) -> bytes:
        """The data of the chunk."""
        faces = (face.placement.pack() + bytes([face.quality]) + varint(face.length) for face in self.entries)
        return bytes([self.stream]) + b"".join(faces)

    @classmethod
    def unpack(cls, data: bytes) -> Faces:
        """What the data of a chunk says.

        Raises:
            Corrupt: it says nothing, or too much.
        """
        at, entries = 1, list[FaceEntry]()
        while at < len(data):
            end = at + PLACEMENT + 1
            if end >= len(data) or len(entries) == MAX_FACES:
                raise Corrupt(
                    f"the file's faces are damaged: {len(entries)} are whole, and 1 to {MAX_FACES} may be there"
                )
            length, after = read_varint(data, end)
            entries.append(FaceEntry(Placement.unpack(data[at : end - 1]), data[end - 1], length))
            at = after
        if not entries:
            raise Corrupt("the file announces faces and then has none")
        return cls(data[0], tuple(entries))

    def check(self, height: int, width: int) -> None:
        """That the patches together cover at most half of a picture (height, width): what pasting them takes is bounded.

        Raises:
            Corrupt: they cover more.
        """
        affines = (face.placement.affine(height, width) for face in self.entries)
        if sum(a * e - b * d for a, b, _, d, e, _ in affines) > height * width / 2:
            raise Corrupt("the file's faces are damaged: they cover more than half of the picture")

    def split(self, payload: bytes) -> tuple[bytes, list[bytes]]:
        """A file's payload as the ground's and those of the patches.

        Raises:
            Corrupt: it is shorter than the patches.
        """
        ends: Sequence[int] = [face.length for face in self.entries]
        start = len(payload) - sum(ends)
        if start < 0:
            raise Corrupt(f"the file's faces take {sum(ends)} bytes, and its payload has {len(payload)}")
        ground, patches = payload[:start], list[bytes]()
        for length in ends:
            patches.append(payload[start : start + length])
            start += length
        return ground, patches
