"""Pictures in and out.

    path, file, array, bytes ── as_picture ──► Pillow picture
    any Pillow picture ── to_rgb ──► (H, W, 3) uint8, sRGB, upright, opaque ── shrink, pad ──► what is coded
    what was decoded ── enlarge ──► (H, W, 3) uint8 ── from_rgb ──► Pillow picture with XMP ── encoded ──► PNG, JPEG, ...

On the way in: EXIF orientation is applied and dropped, colours go from what the file says they are to sRGB, deeper
samples become 8 bits, and transparency is flattened on a background. On the way out: a picture says that a trained
model composed it.
"""

from intaglio.endings import KINDS, SUFFIXES, WRITES
from intaglio.image.reading import Source, as_picture, open_picture
from intaglio.image.resize import Rgb, enlarge, limit, pad, shrink
from intaglio.image.rgb import to_rgb
from intaglio.image.transparency import background
from intaglio.image.writing import DecodedPicture, encoded, from_rgb

__all__ = [
    "KINDS",
    "SUFFIXES",
    "WRITES",
    "DecodedPicture",
    "Rgb",
    "Source",
    "as_picture",
    "background",
    "encoded",
    "enlarge",
    "from_rgb",
    "limit",
    "open_picture",
    "pad",
    "shrink",
    "to_rgb",
]
