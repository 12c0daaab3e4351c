"""JPEG of 12 bits and JPEG 2000 of more than 8, by `imagecodecs`: Pillow refuses the first and turns white to black in
the second (its rounding runs over)."""

from __future__ import annotations

import struct
import sys
from typing import Any

import numpy as np
from PIL import Image

from intaglio.errors import PictureError
from intaglio.image import boxes, jpeg_markers
from intaglio.image.colour import Info
from intaglio.image.depth import DeepPicture, Samples

_START = b"\xff\x4f\xff\x51"  # SOC and SIZ, ISO/IEC 15444-1 A.5
_BOX = b"\0\0\0\x0cjP  "

File = tuple[DeepPicture, Info]


def jpeg_twelve_bits(data: bytes) -> File | None:
    """A JPEG of 12 bits, of grey or RGB, and what it says; None for others.

    Raises:
        PictureError: imagecodecs is not installed, or the channels are no RGB.
    """
    if not data.startswith(jpeg_markers.START) or jpeg_markers.strange(data) != "a JPEG of 12 bits a sample":
        return None
    name = "a JPEG of 12 bits a sample"
    _check_size(*jpeg_markers.size(data))
    samples: Samples = _codecs(name).jpeg8_decode(data)
    if samples.ndim == 3 and samples.shape[2] != 3:
        raise PictureError(f"it is {name} of CMYK, which is not read: save it as RGB")
    return _of(samples, 12), jpeg_markers.info(data)


def jpeg2000(data: bytes) -> File | None:
    """A JPEG 2000 of more than 8 bits, with more than one channel, and what it says; None for others.

    Raises:
        PictureError: imagecodecs is not installed, or the channels are no RGB.
    """
    start = data.find(_START)
    if start < 0 or not data.startswith((_START, _BOX)) or len(data) < start + 46:
        return None
    width, height, left, top = struct.unpack_from(">4I", data, start + 8)
    channels, depth = struct.unpack_from(">HB", data, start + 40)
    bits, signed = (depth & 0x7F) + 1, depth >> 7
    if bits <= 8 or channels == 1:
        return None
    name = f"a JPEG 2000 of {bits} bits a sample"
    if channels > 4:
        raise PictureError(f"it is {name} with {channels} channels, which are not read: save it as RGB")
    _check_size(width - left, height - top)
    samples: Samples = _codecs(name).jpeg2k_decode(data)
    if signed:
        samples = samples.astype(np.int64) + (1 << (bits - 1))
    return _of(samples, bits), boxes.colour(data)


def _check_size(width: int, height: int) -> None:
    if width * height > (Image.MAX_IMAGE_PIXELS or sys.maxsize):
        raise Image.DecompressionBombError


def _codecs(name: str) -> Any:
    try:
        import imagecodecs
    except ImportError:
        raise PictureError(f"it is {name}, which needs imagecodecs: pip install intaglio[pictures]") from None
    return imagecodecs


def _of(samples: Samples, bits: int) -> DeepPicture:
    samples = np.atleast_3d(samples)
    channels, full = samples.shape[2], (1 << bits) - 1
    if channels in (2, 4):
        return DeepPicture(samples[..., :-1], full, samples[..., -1], full)
    return DeepPicture(samples, full)
