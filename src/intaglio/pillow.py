"""`import intaglio.pillow`, and Pillow opens and saves .itg files.

    picture = Image.open("portrait.itg")                      size and mode are known; no network is loaded yet
    picture.draw(steps=1, box=(0, 0, 64, 64))                 how its pixels are drawn, if otherwise than usual
    picture.save("portrait.png")                              they are drawn now
    Image.open("portrait.jpg").save("portrait.itg", max_bytes=400)

`save` takes the fields of `CompressOptions` and `codec`. Files of the bare profile, which have no magic, are not opened.
"""

from __future__ import annotations

from typing import IO, Any, Unpack

from PIL import Image, ImageFile

import intaglio
from intaglio import format
from intaglio.errors import FormatError, IntaglioError, LimitExceeded, OptionError
from intaglio.format.fields import MAGIC
from intaglio.image import DecodedPicture
from intaglio.options import CompressKeywords, DecompressKeywords, DecompressOptions

FORMAT, ENDING, MIME = "ITG", ".itg", "image/x-intaglio"


class IntaglioFile(DecodedPicture, ImageFile.ImageFile):
    """An .itg file that Pillow has opened; it is drawn when its pixels are first asked for."""

    format = FORMAT
    format_description = "Intaglio"

    def _open(self) -> None:
        assert self.fp is not None
        self._data, self._options = self.fp.read(format.MAX_BYTES + 1), DecompressOptions()
        try:
            header = format.peek(self._data)
        except (FormatError, LimitExceeded) as error:
            raise SyntaxError(str(error)) from error
        self._size, self._mode = (header.width, header.height), "L" if header.grey else "RGB"
        self.tile = [ImageFile._Tile("intaglio", (0, 0, *self._size), 0, self._mode)]

    def draw(self, **options: Unpack[DecompressKeywords]) -> None:
        """How the pixels are to be drawn: fields of `DecompressOptions`. A `box` becomes the picture.

        Raises:
            OptionError: one is wrong, or the pixels are there already.
        """
        if not self.tile:
            raise OptionError("the picture is drawn already: open the file anew")
        self._options = DecompressOptions.of(None, options)
        if box := self._options.box:
            self._size = box[2] - box[0], box[3] - box[1]

    def load(self) -> Any:
        if self.tile:
            try:
                drawn = intaglio.decompress(self._data, self._options)
            except IntaglioError as error:
                raise OSError(str(error)) from error
            self.im, self._size, self.tile = drawn.im, drawn.size, []
            self.info |= drawn.info
        return super().load()

    def save(self, fp: Any, format: str | None = None, **params: Any) -> None:  # noqa: A002
        self.load()
        super().save(fp, format, **params)


def _accept(prefix: bytes) -> bool:
    return prefix.startswith(MAGIC)


def _save(image: Image.Image, fp: IO[bytes], filename: str | bytes) -> None:
    asked = image.encoderinfo
    options = {key: asked[key] for key in CompressKeywords.__annotations__ if key in asked}
    try:
        fp.write(intaglio.compress(image, codec=asked.get("codec", "auto"), **options))
    except OptionError:
        raise
    except IntaglioError as error:
        raise OSError(str(error)) from error


Image.register_open(FORMAT, IntaglioFile, _accept)
Image.register_save(FORMAT, _save)
Image.register_extension(FORMAT, ENDING)
Image.register_mime(FORMAT, MIME)
