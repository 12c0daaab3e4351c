"""TIFF beyond Pillow, by `tifffile`: more than 8 bits, floats, signed numbers, planes, zero as white.

Pillow reads such files partly wrongly and partly not at all. Some compressions need `imagecodecs` too.
"""

from __future__ import annotations

import io
import logging
import sys
from typing import Any

import numpy as np
from PIL import Image

from intaglio.errors import PictureError
from intaglio.image.colour import Info
from intaglio.image.depth import DeepPicture, Samples, white

logging.getLogger("tifffile").addHandler(logging.NullHandler())  # what is broken is an error of ours
_COMPRESSIONS = (1, 8, 32946, 34925, 50000)
"""None, deflate, LZMA, Zstandard. imagecodecs' own code for LZW crashes on forged files; libtiff, in Pillow, does not."""
_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _CMYK = 0, 1, 2, 5
_PREMULTIPLIED, _ALPHA = 1, 2  # of the tag ExtraSamples
_BYTES = 16  # a pixel at most: RGB and alpha, floats
_ICC, _ORIENTATION = 34675, 0x0112
_UNSIGNED, _SIGNED, _FLOAT = 1, 2, 3  # of the tag SampleFormat


def is_tiff(data: bytes) -> bool:
    return data[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def deep(data: bytes, page: int) -> tuple[DeepPicture, Info] | None:
    """A page of a TIFF, and what it says; None for one that Pillow reads rightly.

    Args:
        page: from 0, and there is such a page.

    Raises:
        PictureError: it cannot be read, and the message says why. Others as tifffile does on a broken file.
    """
    import tifffile

    with tifffile.TiffFile(io.BytesIO(data)) as file:
        part: Any = file.pages[page]
        _check_size(part)
        if _plain(part):
            return None
        bits, photometric, colours = _kind(part)
        if part.compression not in _COMPRESSIONS:
            if _pillow_is_right(part):
                return None
            raise PictureError(
                f"it is a TIFF of {bits} bits a sample with compression {_name(part.compression)}, which is read of plain "
                "grey and RGB alone: save it without compression, or with deflate"
            )
        try:
            samples: Samples = part.asarray(maxworkers=1)
        except Exception as error:
            if "imagecodecs" in str(error):
                raise PictureError(
                    f"it is a TIFF of {bits} bits a sample with compression {_name(part.compression)}, which needs "
                    "imagecodecs: pip install intaglio[pictures]"
                ) from error
            raise
        exif = Image.Exif()
        exif[_ORIENTATION] = part.tags.valueof(_ORIENTATION, default=1)
        info: dict[str, Any] = {"exif": exif.tobytes()}
        if icc := part.tags.valueof(_ICC):
            info["icc_profile"] = icc
        return _picture(part, samples, bits, photometric, colours), info


def pages(data: bytes) -> int:
    """How many there are."""
    import tifffile

    with tifffile.TiffFile(io.BytesIO(data)) as file:
        return len(file.pages)


def _check_size(part: Any) -> None:
    limit = Image.MAX_IMAGE_PIXELS or sys.maxsize
    if part.imagewidth * part.imagelength > limit or part.nbytes > _BYTES * limit:
        raise Image.DecompressionBombError
    if part.imagewidth * part.imagelength * part.samplesperpixel == 0:
        raise PictureError("the picture is empty")


def _plain(part: Any) -> bool:
    """Whether Pillow reads it rightly: up to 8 bits, in one plane, whatever the colours."""
    unsigned = part.sampleformat == _UNSIGNED
    contiguous = part.planarconfig == 1 or part.samplesperpixel == 1
    return _most(part.bitspersample) <= 8 and unsigned and contiguous


def _pillow_is_right(part: Any) -> bool:
    """Of those that are not plain: planes of 8 bits, 16 of grey above black and of RGB (cut to 8), and such grey of floats."""
    bits = _most(part.bitspersample)
    one = part.photometric == _BLACK_IS_ZERO and part.samplesperpixel == 1
    rgb = part.photometric == _RGB and (part.planarconfig == 1 or bits == 8)
    if part.sampleformat == _FLOAT:
        return one and bits == 32
    return bits in (8, 16) and part.sampleformat == _UNSIGNED and (one or rgb)


def _most(bits: int | tuple[int, ...]) -> int:
    return bits if isinstance(bits, int) else max(bits)


def _name(number: Any) -> str:
    """Of a tag's value, where tifffile has one."""
    return str(getattr(number, "name", number))


def _kind(part: Any) -> tuple[int, int, int]:
    """Bits, photometry and colour channels, of a page that can be read."""
    bits, photometric = _most(part.bitspersample), int(part.photometric)
    colours = {_WHITE_IS_ZERO: 1, _BLACK_IS_ZERO: 1, _RGB: 3, _CMYK: 4}.get(photometric)
    if colours is None or part.sampleformat not in (_UNSIGNED, _SIGNED, _FLOAT):
        raise PictureError(
            f"it is a TIFF of {bits}-bit {_name(part.photometric)} samples, which are not read: save it as RGB or grey"
        )
    if part.imagedepth > 1 or part.samplesperpixel < colours:
        raise PictureError("it is a TIFF of volumes or of missing channels: save it as RGB or grey")
    return bits, photometric, colours


def _picture(part: Any, samples: Samples, bits: int, photometric: int, colours: int) -> DeepPicture:
    if part.planarconfig == 2 and part.samplesperpixel > 1:
        samples = np.moveaxis(samples, 0, -1)
    samples = samples.reshape(part.imagelength, part.imagewidth, part.samplesperpixel)
    known = samples.dtype.kind == "u" and bits <= 16
    full = float((1 << bits) - 1) if known else white(samples[..., :colours])
    extras = part.extrasamples or ()
    place = next((i for i, extra in enumerate(extras) if extra in (_PREMULTIPLIED, _ALPHA)), None)
    alpha = None if place is None else samples[..., colours + place]
    return DeepPicture(
        samples[..., :colours], full, alpha, full,
        inverted=photometric == _WHITE_IS_ZERO,
        premultiplied=place is not None and extras[place] == _PREMULTIPLIED,
    )  # fmt: skip
