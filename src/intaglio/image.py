"""Pictures in and out.

    path, file, array, bytes ── as_picture ──► Pillow picture
    any Pillow picture ── to_rgb ──► (H, W, 3) uint8, sRGB, upright, opaque ── shrink, pad ──► what is coded
    what was decoded ── enlarge ──► (H, W, 3) uint8 ── from_rgb ──► Pillow picture with XMP ── write_png ──► PNG

On the way in: EXIF orientation is applied and dropped, colours go from the embedded profile to sRGB, 16 bits become 8,
and transparency is flattened on a background. On the way out: a picture says that a trained model composed it.
"""

from __future__ import annotations

import io
import warnings
from html import escape
from os import PathLike
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageOps, PngImagePlugin, UnidentifiedImageError

from intaglio.atomic import write
from intaglio.errors import PictureError

Rgb = NDArray[np.uint8]  # (H, W, 3), sRGB
Source = Image.Image | NDArray[Any] | str | PathLike[str] | BinaryIO | bytes | bytearray | memoryview

# Raster kinds alone: Pillow would hand EPS to Ghostscript, no thing to do with a stranger's file.
KINDS = {
    "AVIF": (".avif",),
    "BMP": (".bmp", ".dib"),
    "GIF": (".gif",),
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"),
    "JPEG2000": (".jp2", ".j2k", ".j2c", ".jpf", ".jpx"),
    "PNG": (".png", ".apng"),
    "PPM": (".pbm", ".pgm", ".ppm", ".pnm"),
    "TGA": (".tga",),
    "TIFF": (".tif", ".tiff"),
    "WEBP": (".webp",),
}
SUFFIXES = frozenset(suffix for suffixes in KINDS.values() for suffix in suffixes)

_XMP = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
    xmlns:xmp="http://ns.adobe.com/xap/1.0/"
    xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/">
   <xmp:CreatorTool>Intaglio, decoder {decoder}</xmp:CreatorTool>
   <Iptc4xmpExt:DigitalSourceType>{source}</Iptc4xmpExt:DigitalSourceType>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="r"?>"""
_SOURCE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"


def as_picture(source: Source) -> Image.Image:
    """A picture as people have it, as Pillow has it.

    Args:
        source: a Pillow picture; a path; an open binary file or the bytes of one; or a NumPy array (H, W), (H, W, 1),
            (H, W, 3) or (H, W, 4), uint8 or uint16, of grey, RGB or RGBA values.

    Raises:
        PictureError: as `open_picture`, or it is none of these.
    """
    if isinstance(source, Image.Image):
        return source
    if isinstance(source, np.ndarray):
        return _from_array(source)
    if isinstance(source, (bytes, bytearray, memoryview)):
        return open_picture(io.BytesIO(source))
    if isinstance(source, (str, PathLike)) or hasattr(source, "read"):
        return open_picture(source)
    raise PictureError(
        f"a picture is a Pillow image, a path, a file, bytes or a NumPy array, not a {type(source).__name__}"
    )


def _from_array(array: NDArray[Any]) -> Image.Image:
    channels = (*array.shape, 1)[2] if array.ndim in (2, 3) else 0
    if array.dtype not in (np.uint8, np.uint16) or channels not in (1, 3, 4):
        shape = "x".join(map(str, array.shape)) or "a single number"
        raise PictureError(
            f"an array of a picture is HxW, HxWx3 or HxWx4 of uint8 or uint16, not {shape} of {array.dtype}"
        )
    if 0 in array.shape:
        raise PictureError(f"the picture is empty: {array.shape[1]} x {array.shape[0]} pixels")
    if array.dtype == np.uint16:
        array = np.rint(array / 257).astype(np.uint8)
    return Image.fromarray(np.ascontiguousarray(array.reshape(array.shape[:2]) if channels == 1 else array))


def open_picture(source: str | PathLike[str] | BinaryIO) -> Image.Image:
    """Reads a whole picture (its first frame) of one of `KINDS`.

    Raises:
        PictureError: absent, of another kind, broken anywhere, or declaring more pixels than Pillow allows.
    """
    if not isinstance(source, (str, PathLike)):
        return _load(source, "the picture")
    try:
        with Path(source).open("rb") as file:
            return _load(file, str(source))
    except OSError as error:
        raise PictureError(f"{source} cannot be read: {error.strerror}") from error


def _load(file: BinaryIO, name: str) -> Image.Image:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image = Image.open(file, formats=list(KINDS))
            image.load()
    except UnidentifiedImageError as error:
        raise PictureError(f"{name} is not a picture of a known kind ({', '.join(KINDS)})") from error
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise PictureError(f"{name} declares more than {Image.MAX_IMAGE_PIXELS:,} pixels") from error
    except Exception as error:  # a broken file can raise nearly anything from inside a Pillow plug-in
        raise PictureError(f"{name} is a broken picture: {error}") from error
    return image


def to_rgb(image: Image.Image) -> tuple[Rgb, bool]:
    """The picture as the codecs see it.

    Integers of more than 16 bits (mode I) count as 16-bit; floats as 0 to 1, 0 to 255 or 0 to 65,535, the least that
    holds them. A broken or unsuitable colour profile is a warning, and the picture then counts as sRGB.

    Args:
        image: any mode; left as it is. Transparent parts are laid on white.

    Returns:
        rgb (H, W, 3) uint8, and whether it is grey: all three channels equal everywhere.

    Raises:
        PictureError: no pixels, or the pixels cannot be read.
    """
    if 0 in image.size:
        raise PictureError(f"the picture is empty: {image.width} x {image.height} pixels")
    try:
        image.load()
        image = _upright(image)
        colour = _to_srgb(_eight_bits(image), image.info.get("icc_profile"))
        if image.has_transparency_data:
            alpha = _alpha(image)
            colour = Image.composite(colour, Image.new("RGB", colour.size, "white"), alpha)
    except (OSError, SyntaxError, ValueError, AttributeError) as error:  # of a closed picture, the last
        raise PictureError(f"the picture cannot be read: {error}") from error
    rgb = np.array(colour)
    return rgb, bool(np.all(rgb == rgb[..., :1]))


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except Exception as error:  # EXIF is free-form; Pillow's reader raises nearly anything on a broken one
        warnings.warn(f"the picture's EXIF is broken and left aside: {error}", stacklevel=3)
        return image


def _eight_bits(image: Image.Image) -> Image.Image:
    """Without transparency and in a mode that colour management knows: L, RGB, CMYK or LAB."""
    match image.mode:
        case "L" | "RGB" | "CMYK" | "LAB":
            return image
        case "1" | "LA":
            return image.convert("L")
        case "La":
            return image.convert("LA").convert("L")
        case "P" | "PA" | "RGBa":
            return image.convert("RGBA").convert("RGB")
        case "I" | "F" | "I;16" | "I;16L" | "I;16B" | "I;16N":
            values = np.nan_to_num(np.asarray(image, dtype=np.float64))
            ranges = (1, 255) if image.mode == "F" else ()
            full = next((r for r in ranges if values.max() <= r), 65535)
            return Image.fromarray(np.rint(np.clip(values / full, 0, 1) * 255).astype(np.uint8))
        case _:  # RGBA, RGBX, YCbCr, HSV
            return image.convert("RGB")


def _alpha(image: Image.Image) -> Image.Image:
    """Mode L, 255 where the picture is opaque."""
    if image.mode.startswith("I;16"):  # a transparent grey, all of whose 16 bits count; Pillow compares 8
        return Image.fromarray(np.asarray(image) != image.info["transparency"]).convert("L")
    return image.getchannel("a") if image.mode == "La" else image.convert("RGBA").getchannel("A")


def _to_srgb(image: Image.Image, icc: bytes | None) -> Image.Image:
    """Mode RGB, by the profile `icc` if there is one that fits."""
    grey = image.mode == "L"
    try:
        if icc:
            profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
            if grey and profile.profile.xcolor_space == "RGB ":  # a grey JPEG out of an RGB work flow
                image = image.convert("RGB")
            image = _manage(image, profile)
    except (ImageCms.PyCMSError, OSError) as error:
        warnings.warn(f"the picture's colour profile is unusable, sRGB is assumed: {error}", stacklevel=3)
    if image.mode == "LAB":
        image = _manage(image, ImageCms.createProfile("LAB"))
    # Colour management may round the three channels of a grey apart.
    return image.convert("L").convert("RGB") if grey else image.convert("RGB")


def _manage(image: Image.Image, profile: Any) -> Image.Image:
    managed = ImageCms.profileToProfile(image, profile, ImageCms.createProfile("sRGB"), outputMode="RGB")
    assert managed is not None  # None is for inPlace=True
    return managed


def pad(rgb: Rgb, multiple: int) -> Rgb:
    """Repeats the last column and row until both sides are multiples: (H, W, 3) to (H', W', 3)."""
    h, w = rgb.shape[:2]
    return np.pad(rgb, ((0, -h % multiple), (0, -w % multiple), (0, 0)), mode="edge")


def shrink(rgb: Rgb, scale: int) -> Rgb:
    """Lanczos to ceil(side / 2**scale), scale 0 to 3; scale 0 is the picture itself."""
    h, w = (-(-side // 2**scale) for side in rgb.shape[:2])
    return _resize(rgb, (h, w), Image.Resampling.LANCZOS)


def enlarge(rgb: Rgb, size: tuple[int, int]) -> Rgb:
    """Bicubic to `size` = (H, W)."""
    return _resize(rgb, size, Image.Resampling.BICUBIC)


def _resize(rgb: Rgb, size: tuple[int, int], resampling: Image.Resampling) -> Rgb:
    if rgb.shape[:2] == size:
        return rgb
    return np.array(Image.fromarray(rgb).resize(size[::-1], resampling))


def from_rgb(rgb: Rgb, grey: bool, decoder: str) -> Image.Image:
    """A decoded picture: mode L if `grey`, else RGB.

    `info["xmp"]` says that a trained model composed it (IPTC DigitalSourceType) and which `decoder` (its id).
    """
    image = Image.fromarray(rgb)
    if grey:
        image = image.convert("L")
    image.info["xmp"] = _XMP.format(decoder=escape(decoder), source=_SOURCE).encode()
    return image


def write_png(image: Image.Image, target: str | PathLike[str] | BinaryIO) -> None:
    """A PNG with the picture's XMP, if any, as iTXt `XML:com.adobe.xmp`; a path is written whole or not at all.

    Raises:
        OSError: the target cannot be written.
    """
    texts = PngImagePlugin.PngInfo()
    if xmp := image.info.get("xmp"):
        texts.add_itxt("XML:com.adobe.xmp", xmp.decode())
    png = io.BytesIO()
    image.save(png, "PNG", pnginfo=texts)
    if isinstance(target, (str, PathLike)):
        write(Path(target), png.getvalue())
    else:
        target.write(png.getvalue())
