"""Files to Pillow pictures, read rightly or refused: which page, what is damaged, what Pillow would read wrongly.

path, file, bytes, array, picture ── as_picture ──► Pillow picture
bytes ── TIFF, JPEG 2000, JPEG, PNG deeper than Pillow's modes? ── yes ──► 8 bits of sRGB
  └── no ── Pillow ── broken? mended once ── page ── what the file says of its colours ──► Pillow picture
"""

from __future__ import annotations

import io
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from os import PathLike
from typing import Any, BinaryIO, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile, UnidentifiedImageError

from intaglio.errors import PictureError
from intaglio.image import boxes, deep_jpeg, jpeg_markers, kinds, png_chunks, tiff
from intaglio.image.colour import CODES, Info, deep_to_srgb
from intaglio.image.depth import DeepPicture
from intaglio.places import is_name, place

Source = Image.Image | NDArray[Any] | str | PathLike[str] | BinaryIO | bytes | bytearray | memoryview

MAX_BYTES = 1 << 30
"""No picture within the limit of pixels needs a larger file."""


def as_picture(source: Source, page: int | None = None) -> Image.Image:
    """A picture as people have it, as Pillow has it.

    Args:
        source: a Pillow picture; a path; an open binary file or the bytes of one; or a NumPy array (H, W), (H, W, 1),
            (H, W, 3) or (H, W, 4), uint8 or uint16, of grey, RGB or RGBA values.
        page: of a file, as for `open_picture`.

    Raises:
        PictureError: as `open_picture`, or it is none of these.
    """
    if isinstance(source, (Image.Image, np.ndarray)):
        if page is not None:
            raise PictureError("a page can be chosen of a file alone: give the path, or seek the Pillow picture")
        return _of_pillow(source) if isinstance(source, Image.Image) else _from_array(source)
    if isinstance(source, (bytes, bytearray, memoryview)):
        return _decoded(bytes(source), "the picture", page)
    if is_name(source) or hasattr(source, "read"):
        return open_picture(source, page)
    raise PictureError(
        f"a picture is a Pillow image, a path, a file, bytes or a NumPy array, not a {type(source).__name__}"
    )


def _of_pillow(image: Image.Image) -> Image.Image:
    """The picture itself; a file that Pillow has opened, not read yet, and would read wrongly is read here."""
    unread = isinstance(image, ImageFile.ImageFile) and bool(image.tile)
    file: BinaryIO | None = getattr(image, "fp", None)
    if not unread or image.format not in ("TIFF", "JPEG2000") or file is None or file.closed:
        return image
    place = file.tell()
    data = _whole(file)
    file.seek(place)
    with _named("the picture", data):
        return _deep(data, image.tell() + 1) or image


def _from_array(array: NDArray[Any]) -> Image.Image:
    channels = (*array.shape, 1)[2] if array.ndim in (2, 3) else 0
    if array.dtype not in (np.uint8, np.uint16) or channels not in (1, 3, 4):
        shape = "x".join(map(str, array.shape)) or "a single number"
        raise PictureError(
            f"an array of a picture is HxW, HxWx3 or HxWx4 of uint8 or uint16, not {shape} of {array.dtype}"
        )
    if 0 in array.shape:
        raise PictureError(f"the picture is empty: {array.shape[1]} x {array.shape[0]} pixels")
    samples = np.atleast_3d(array)
    if array.dtype == np.uint8:
        return Image.fromarray(np.ascontiguousarray(samples[..., 0] if channels == 1 else samples))
    return DeepPicture(samples[..., :3], 65535, samples[..., 3] if channels == 4 else None, 65535).eight_bits()


def open_picture(source: str | PathLike[str] | BinaryIO, page: int | None = None) -> Image.Image:
    """Reads one whole picture of one of `KINDS`, or of an installed plug-in's.

    What can be mended (a JPEG that ends early, a damaged text) is, with a warning. Pictures of more bits than Pillow
    has modes for come as 8 bits of sRGB.

    Args:
        page: from 1, of an animation or a file of several pictures; None is the first, with a warning if there are more.

    Raises:
        PictureError: absent, of another kind, broken beyond mending, without such a page, or declaring more pixels than
            Pillow allows.
    """
    if not is_name(source):
        return _decoded(_whole(cast(BinaryIO, source)), "the picture", page)
    try:
        path = place(source)
        length = path.stat().st_size
        data = path.read_bytes() if length <= MAX_BYTES else b""
    except OSError as error:
        raise PictureError(f"{source} cannot be read: {error.strerror}") from error
    if length > MAX_BYTES:
        raise PictureError(f"{source} has {length:,} bytes, and a picture's file may have {MAX_BYTES:,}")
    return _decoded(data, str(source), page)


def _whole(file: BinaryIO) -> bytes:
    """From its start, wherever it stands, as Pillow does it; of a stream what is left."""
    with suppress(AttributeError, io.UnsupportedOperation):
        file.seek(0)
    return file.read(MAX_BYTES + 1)


def _decoded(data: bytes, name: str, page: int | None) -> Image.Image:
    if not isinstance(data, bytes) or len(data) > MAX_BYTES:
        raise PictureError(f"{name} is no binary file of at most {MAX_BYTES:,} bytes")
    with _named(name, data):
        return _deep(data, page) or _plain(data, page)


@contextmanager
def _named(name: str, data: bytes) -> Iterator[None]:
    """Whatever goes wrong as a PictureError of the file's name."""
    try:
        yield
    except PictureError as error:
        raise PictureError(str(error) if name in str(error) else f"{name}: {error}") from error
    except UnidentifiedImageError as error:
        raise PictureError(f"{name} {kinds.why_not(data)}") from error
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise PictureError(f"{name} declares more than {Image.MAX_IMAGE_PIXELS:,} pixels") from error
    except Exception as error:  # a broken file can raise nearly anything from inside a Pillow plug-in
        raise PictureError(f"{name} is a broken picture: {error}") from error


def _deep(data: bytes, page: int | None) -> Image.Image | None:
    """What Pillow has no mode for, or reads wrongly; None for all else."""
    if tiff.is_tiff(data):
        file = tiff.deep(data, _index(tiff.pages(data), page))
    else:
        file = deep_jpeg.jpeg2000(data) or deep_jpeg.jpeg_twelve_bits(data)
    return file and _as_srgb(*file)


def _as_srgb(picture: DeepPicture, info: Info) -> Image.Image:
    """Eight bits of a deep picture, of whose `info` nothing is left to be done but a profile of tables and a turn."""
    described = Image.new("L", (1, 1))
    described.info.update(info)
    image = deep_to_srgb(picture, described)
    image.info["srgb"] = 0
    if "exif" in info:
        image.info["exif"] = info["exif"]
    return image


def _plain(data: bytes, page: int | None) -> Image.Image:
    image: Image.Image | None
    try:
        image = _loaded(data, page)
    except (PictureError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise
    except Exception:
        image = _mended(data, page)
        if image is None:
            raise
    if image.format == "PNG":
        return _png(image, data, page)
    if image.format in ("AVIF", "HEIF", "JPEG2000"):
        image.info |= {key: value for key, value in boxes.colour(data).items() if key not in image.info}
        if "icc_profile" in image.info:
            image.info.pop(CODES, None)
    return image


def _loaded(data: bytes, page: int | None) -> Image.Image:
    image = Image.open(io.BytesIO(data), formats=kinds.allowed(data))
    if image.width * image.height > (Image.MAX_IMAGE_PIXELS or sys.maxsize):
        raise Image.DecompressionBombError
    index = _index(getattr(image, "n_frames", 1), page)
    if page is not None:
        image.seek(index)
    image.load()
    return image


def _index(count: int, page: int | None) -> int:
    """From 0, of the page that is asked for."""
    if page is None:
        if count > 1:
            warnings.warn(
                f"the file holds {count} pictures, and the first is taken: --page N (page=N) takes another",
                stacklevel=2,
            )
        return 0
    if not 1 <= page <= count:
        raise PictureError(f"there is no page {page}: the file holds {count}")
    return page - 1


def _mended(data: bytes, page: int | None) -> Image.Image | None:
    """A damaged file as far as it is sound, with a warning that says what is lost; None if it is beyond that."""
    if data.startswith(png_chunks.SIGNATURE) and (mended := png_chunks.mended(data)):
        image, loss = _loaded(mended[0], page), mended[1]
    elif data.startswith(jpeg_markers.START):
        image = _loaded(data + jpeg_markers.END, page)
        loss = jpeg_markers.loss(image)
    else:
        return None
    warnings.warn(f"the picture's file is damaged and drawn as far as it goes: {loss}", stacklevel=2)
    return image


def _png(image: Image.Image, data: bytes, page: int | None) -> Image.Image:
    key = image.info.get("transparency")
    if codes := png_chunks.codes(data):
        image.info[CODES] = codes
    if page in (None, 1) and (picture := png_chunks.sixteen_bits(data, key)):
        return _as_srgb(picture, image.info)
    if image.mode == "L" and isinstance(key, int):  # Pillow spreads 2 and 4 bits over 8, and not the key
        image.info["transparency"] = key * 255 // ((1 << png_chunks.bits(data)) - 1)
    return image
