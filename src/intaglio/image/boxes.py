"""Colour in the boxes of AVIF, HEIF (ISO/IEC 14496-12, 23008-12) and JPEG 2000 (15444-1): what Pillow leaves unread."""

from __future__ import annotations

import struct
import warnings
from collections.abc import Iterator

_INSIDE = {b"meta": 4, b"iprp": 0, b"ipco": 0, b"jp2h": 0}
"""Boxes that hold others, with the bytes before them."""
_KNOWN = {0, 12, 15, 16, 17, 18}
"""Colour spaces of JPEG 2000 of which Pillow makes black and white, CMYK, sRGB or grey."""


def colour(data: bytes) -> dict[str, object]:
    """Of the first colour boxes of a file, as `Image.info` has it: "icc_profile", or "cicp", primaries and transfer."""
    info: dict[str, object] = {}
    for body in _bodies(data, b"colr"):
        kind, method = body[:4], body[:1]
        if kind == b"nclx" and len(body) >= 8:
            info.setdefault("cicp", struct.unpack_from(">HH", body, 4))
        elif kind in (b"prof", b"rICC"):
            info.setdefault("icc_profile", body[4:])
        elif method in (b"\x02", b"\x03"):
            info.setdefault("icc_profile", body[3:])
        elif method == b"\x05" and len(body) >= 7:
            info.setdefault("cicp", struct.unpack_from(">HH", body, 3))
        elif method == b"\x01" and len(body) >= 7 and (number := struct.unpack_from(">I", body, 3)[0]) not in _KNOWN:
            warnings.warn(
                f"the picture's colours are number {number} of JPEG 2000's list, which are not read: sRGB is assumed",
                stacklevel=2,
            )
    return info


def _bodies(data: bytes, wanted: bytes, start: int = 0, end: int | None = None) -> Iterator[bytes]:
    """What the boxes of a name hold, wherever in the containers they are."""
    end = len(data) if end is None else min(end, len(data))
    while start + 8 <= end:
        size, name = struct.unpack_from(">I4s", data, start)
        head = 8
        if size == 1 and start + 16 <= end:
            (size,), head = struct.unpack_from(">Q", data, start + 8), 16
        stop = end if size == 0 else min(start + size, end)
        if stop < start + head:
            return
        if name == wanted:
            yield data[start + head : stop]
        elif name in _INSIDE:
            yield from _bodies(data, wanted, start + head + _INSIDE[name], stop)
        start = stop
