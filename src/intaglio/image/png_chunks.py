"""PNG (ISO/IEC 15948) below Pillow: chunks, damage that can be mended, colour codes, and 16 bits a sample."""

from __future__ import annotations

import struct
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from intaglio.image.depth import DeepPicture

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_HEADER = ">IIBBBBB"  # width, height, bits, colour type, compression, filter, interlace
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}


@dataclass(frozen=True)
class PngChunk:
    """A chunk; `sound` if its checksum is right."""

    name: bytes
    data: bytes
    sound: bool = True

    def __bytes__(self) -> bytes:
        body = self.name + self.data
        return struct.pack(">I", len(self.data)) + body + struct.pack(">I", zlib.crc32(body))


def chunks(png: bytes) -> Iterator[PngChunk]:
    """Up to the end, or to where the file breaks off; the last may be short, and is not sound then."""
    place = len(SIGNATURE)
    while place + 8 <= len(png):
        length, name = struct.unpack_from(">I4s", png, place)
        body = png[place + 4 : place + 8 + length]
        checksum = png[place + 8 + length : place + 12 + length]
        yield PngChunk(name, body[4:], checksum == struct.pack(">I", zlib.crc32(body)))
        place += 12 + length


def codes(png: bytes) -> tuple[int, int, bool] | None:
    """Primaries and transfer of the cICP chunk, by ITU-T H.273, and whether samples have television's narrow range."""
    for chunk in chunks(png):
        if chunk.name == b"cICP" and len(chunk.data) == 4 and chunk.sound:
            return chunk.data[0], chunk.data[1], not chunk.data[3]
        if chunk.name == b"IDAT":
            break
    return None


def bits(png: bytes) -> int:
    """A sample."""
    return png[24]


def mended(png: bytes) -> tuple[bytes, str] | None:
    """A damaged file made sound as far as it can be, and what is lost; None where too much is.

    Chunks that are not needed are left out where their checksum is wrong. Pixels end where the file breaks off.
    """
    kept, dropped, pixels = [], [], bytearray()
    for chunk in chunks(png):
        if chunk.name == b"IDAT":
            pixels += chunk.data
        elif chunk.sound:
            kept.append(chunk)
        elif chunk.name[0] & 0x20:  # an ancillary chunk's first letter is small
            dropped.append(chunk.name.decode("latin-1"))
        else:
            break
    if not kept or kept[0].name != b"IHDR" or len(kept[0].data) != struct.calcsize(_HEADER):
        return None
    whole, lost = _whole(bytes(pixels), kept[0].data)
    if whole is None:
        return None
    faults = [f"its chunk {name} is damaged and left out" for name in dropped]
    faults += [f"it is cut short: the lowest {lost:.0%} of it are missing"] * (lost > 0)
    if not faults:
        return None
    before = [chunk for chunk in kept if chunk.name not in (b"IEND", b"acTL", b"fcTL", b"fdAT")]
    file = SIGNATURE + b"".join(map(bytes, [*before, PngChunk(b"IDAT", whole), PngChunk(b"IEND", b"")]))
    return file, ", ".join(faults)


def _whole(pixels: bytes, header: bytes) -> tuple[bytes | None, float]:
    """The compressed rows, filled up with black where they end early, and the share that is missing."""
    width, height, depth, colour, _, _, interlaced = struct.unpack(_HEADER, header)
    if width * height > (Image.MAX_IMAGE_PIXELS or sys.maxsize):
        return None, 1
    stream = zlib.decompressobj()
    row = 1 + -(-width * depth * _CHANNELS.get(colour, 4) // 8)
    try:
        rows = stream.decompress(pixels, row * height)
    except zlib.error:
        return None, 1
    missing = row * height - len(rows)
    if interlaced or stream.eof or missing <= 0:
        return pixels, 0
    if len(rows) < row:
        return None, 1
    return zlib.compress(rows + bytes(missing), 1), missing / (row * height)


def sixteen_bits(png: bytes, key: tuple[int, ...] | int | None) -> DeepPicture | None:
    """RGB, RGB with alpha or grey with alpha of 16 bits; None for other PNGs.

    Args:
        key: the colour that is transparent, of 16 bits, if there is one.
    """
    width, height, depth, colour, _, _, interlaced = struct.unpack_from(_HEADER, png, 16)
    if depth != 16 or colour not in (2, 4, 6):
        return None
    pixels = b"".join(chunk.data for chunk in chunks(png) if chunk.name == b"IDAT")

    def unpacked(mode: str, raw: str) -> NDArray[np.uint8]:
        return np.asarray(Image.frombytes(mode, (width, height), pixels, "zip", raw, interlaced))

    if colour == 4:
        samples = unpacked("RGBA", "RGBA").view(">u2")
    else:  # Pillow unpacks one byte of the two: either of them, by the order that is claimed
        mode = "RGB" if colour == 2 else "RGBA"
        samples = unpacked(mode, f"{mode};16B").astype(np.uint16) << 8
        samples |= unpacked(mode, f"{mode};16L")
    if colour == 2:
        alpha = None if key is None else np.any(samples != np.array(key, np.uint16), -1).astype(np.uint16) * 65535
        return DeepPicture(samples, 65535, alpha, 65535)
    return DeepPicture(samples[..., :-1], 65535, samples[..., -1], 65535)
