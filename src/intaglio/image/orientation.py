"""Which way up: the orientation of EXIF, read by itself, so that other broken tags do no harm."""

from __future__ import annotations

import struct
import warnings

from PIL import Image

_TAG = 0x0112
_INTEGERS = {1: "B", 3: "H", 4: "I"}  # TIFF's types
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def upright(image: Image.Image) -> Image.Image:
    """The picture, turned as its EXIF (or else XMP) says; itself where nothing does."""
    turn = _TURNS.get(_orientation(image))
    return image if turn is None else image.transpose(turn)


def _orientation(image: Image.Image) -> int:
    exif = image.info.get("exif")
    if isinstance(exif, bytes) and (value := _from_bytes(exif.removeprefix(b"Exif\0\0"))):
        return value
    try:
        return int(image.getexif().get(_TAG, 1))
    except Exception as error:  # EXIF is free-form; Pillow's reader raises nearly anything on a broken one
        warnings.warn(f"the picture's EXIF is broken, and it is taken to be upright: {error}", stacklevel=2)
        return 1


def _from_bytes(tiff: bytes) -> int | None:
    """Of the first directory of EXIF's TIFF."""
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    try:
        if order is None:
            return None
        (start,) = struct.unpack_from(f"{order}I", tiff, 4)
        (count,) = struct.unpack_from(f"{order}H", tiff, start)
        for place in range(start + 2, start + 2 + 12 * count, 12):
            tag, kind = struct.unpack_from(f"{order}HH", tiff, place)
            if tag == _TAG and kind in _INTEGERS:
                return int(struct.unpack_from(f"{order}{_INTEGERS[kind]}", tiff, place + 8)[0])
    except struct.error:
        pass
    return None
