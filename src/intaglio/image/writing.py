"""Decoded pictures to files: sRGB, and with the word in it that a trained model composed them."""

from __future__ import annotations

import io
from html import escape
from os import PathLike
from typing import IO, Any

from PIL import Image, PngImagePlugin

from intaglio.image.resize import Rgb

_QUALITY = 95  # of the lossy kinds: decoding anew should not show
_SAVED: dict[str, dict[str, Any]] = {
    "JPEG": {"quality": _QUALITY, "subsampling": "4:4:4"},
    "WEBP": {"quality": _QUALITY},
    "AVIF": {"quality": _QUALITY},
    "TIFF": {"compression": "tiff_adobe_deflate"},
}
_XMP_TAG = 700
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


class DecodedPicture(Image.Image):
    """A Pillow picture whose `save` keeps `info["xmp"]`, which Pillow's drops.

    PNG, JPEG, WebP, AVIF and TIFF can hold it. What Pillow makes of the picture (`resize`, `crop`) is a plain picture, which
    has `info["xmp"]` but does not save it.
    """

    @classmethod
    def of(cls, image: Image.Image) -> DecodedPicture:
        """The same picture, as one of these: it is not copied, and must not be used by itself any more."""
        image.__class__ = cls
        assert isinstance(image, cls)
        return image

    def save(  # Pillow's own names
        self,
        fp: str | bytes | PathLike[str] | PathLike[bytes] | IO[bytes],
        format: str | None = None,  # noqa: A002
        **params: Any,
    ) -> None:
        """As `PIL.Image.Image.save`; a PNG says also that its colours are sRGB."""
        xmp = self.info.get("xmp", b"")
        text = PngImagePlugin.PngInfo()
        text.add(b"sRGB", b"\0")
        if xmp:
            text.add_itxt("XML:com.adobe.xmp", xmp.decode())
        # Each writer takes what it knows, and passes over the rest.
        marks: dict[str, Any] = {"pnginfo": text}
        if xmp:
            marks |= {"xmp": xmp, "tiffinfo": {_XMP_TAG: xmp}}
        super().save(fp, format, **(marks | params))


def from_rgb(rgb: Rgb, grey: bool, decoder: str) -> DecodedPicture:
    """A decoded picture: mode L if `grey`, else RGB.

    `info["xmp"]` says that a trained model composed it (IPTC DigitalSourceType) and which `decoder` (its id).
    """
    image = Image.fromarray(rgb)
    picture = DecodedPicture.of(image.convert("L") if grey else image)
    picture.info["xmp"] = _XMP.format(decoder=escape(decoder), source=_SOURCE).encode()
    return picture


def encoded(image: Image.Image, kind: str = "PNG") -> bytes:
    """The bytes of a file of one of the kinds of `endings.WRITES`: lossless ones exact, others of high quality."""
    file = io.BytesIO()
    image.save(file, kind, **_SAVED.get(kind, {}))
    return file.getvalue()
