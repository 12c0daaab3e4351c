"""Plain pictures: flat, drawn or tiny ones, whose pixels as they are take fewer bytes than a model's idea of them.

The payload is a WebP lossless bitstream (VP8L, RFC 9649) behind its five bytes of signature, size and version: the
header of the file says the size. Every reader of WebP gives the same pixels.
"""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from intaglio.errors import Corrupt
from intaglio.format import Header
from intaglio.image import Rgb

MAX_SIDE = 16384  # of a VP8L bitstream
TINY = 64 * 64  # pixels: models know little of such pictures, and these are coded plainly at any quality
PROBE = 256  # pixels a side in the middle, which are coded before all are
PROBES = 4  # a side of a large picture, for what all of it is likely to take
DOUBT = 4  # times as many bytes as there are may be likely
_CONTAINER, _START = 20, 5  # bytes of RIFF and chunk headers; of what the file's header says
_SIGNATURE = 0x2F


def encode(rgb: Rgb, quality: float, room: float) -> bytes | None:
    """The payload of a picture (H, W, 3), exact, if it has at most `room` bytes; None if it has more.

    That of a tiny one is within (100 - quality) / 5 levels of the picture.
    """
    if max(rgb.shape[:2]) > MAX_SIDE:
        return None
    if rgb.shape[0] * rgb.shape[1] <= TINY:
        payload = _lossless(_near(rgb, round((100 - quality) / 5)))
        return payload if len(payload) <= room else None
    top, left = (max(side - PROBE, 0) // 2 for side in rgb.shape[:2])
    middle = rgb[top : top + PROBE, left : left + PROBE]
    if len(_lossless(middle, quick=True)) > 2 * room:
        return None
    if rgb.shape[0] * rgb.shape[1] > (PROBES * PROBE) ** 2 and _likely(rgb) > DOUBT * room:
        return None
    payload = _lossless(rgb)
    return payload if len(payload) <= room else None


def nearest(rgb: Rgb, room: int) -> bytes | None:
    """The payload of at most `room` bytes that is nearest to a picture, if one is near enough: tiny ones alone may differ."""
    tiny = rgb.shape[0] * rgb.shape[1] <= TINY
    payloads = (encode(rgb, quality, room) for quality in ((100, 95, 90, 80, 60, 40, 20, 0) if tiny else (100,)))
    return next((payload for payload in payloads if payload is not None), None)


def decode(payload: bytes, header: Header) -> Rgb:
    """The picture (H, W, 3) of a payload.

    Raises:
        Corrupt: it is none.
    """
    if header.halvings or header.focus or max(header.width, header.height) > MAX_SIDE:
        raise Corrupt("the header is damaged: a plain picture has no scale, no focus and no side over 16,384 pixels")
    size = (header.width - 1) | (header.height - 1) << 14
    stream = bytes([_SIGNATURE]) + size.to_bytes(4, "little") + payload
    stream += bytes(len(stream) % 2)
    chunk = b"WEBPVP8L" + len(stream).to_bytes(4, "little") + stream
    try:
        with Image.open(io.BytesIO(b"RIFF" + len(chunk).to_bytes(4, "little") + chunk), formats=["WEBP"]) as image:
            return np.array(image.convert("RGB"))
    except Exception as error:  # Pillow has several for a damaged file
        raise Corrupt("the file's payload does not decode: it is damaged") from error


def _near(rgb: Rgb, levels: int) -> Rgb:
    """Colours to the nearest of a grid, so that none is further than `levels` from what it was."""
    step = 2 * levels + 1
    return np.minimum((rgb.astype(np.int32) + levels) // step * step, 255).astype(np.uint8)


def _likely(rgb: Rgb) -> float:
    """Bytes that a large picture is likely to take, from pieces of it at even distances."""
    h, w = rgb.shape[:2]
    tops, lefts = (np.linspace(0, side - min(PROBE, side), PROBES, dtype=int) for side in (h, w))
    pieces = [rgb[top : top + PROBE, left : left + PROBE] for top in tops for left in lefts]
    coded = sum(len(_lossless(np.ascontiguousarray(piece), quick=True)) for piece in pieces)
    return coded * h * w / sum(piece.shape[0] * piece.shape[1] for piece in pieces)


def _lossless(rgb: Rgb, *, quick: bool = False) -> bytes:
    file = io.BytesIO()
    Image.fromarray(rgb).save(file, "WEBP", lossless=True, quality=50 if quick else 100, method=1 if quick else 4)
    data = file.getvalue()
    size = int.from_bytes(data[_CONTAINER - 4 : _CONTAINER], "little")
    return data[_CONTAINER + _START : _CONTAINER + size]
