"""Pages of a PDF as pictures, by pypdfium2."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

import pypdfium2

from intaglio.errors import PictureError

if TYPE_CHECKING:
    from PIL import Image

    from intaglio.image import Source

DPI = 400  # a module of .25 mm has 4 pixels
MOST = 20  # pages that are looked at
PIXELS = 50_000_000  # of a page: larger ones are drawn coarser
START = b"%PDF-"


def pages(source: Source) -> list[Image.Image] | None:
    """The first pages of a PDF that is given as bytes or by its path; None for anything else.

    Raises:
        PictureError: it cannot be read.
    """
    data: bytes | None = None
    if isinstance(source, (bytes, bytearray, memoryview)):
        data = bytes(source)
    elif isinstance(source, (str, PathLike)) and Path(source).suffix.lower() == ".pdf":
        try:
            data = Path(source).read_bytes()
        except OSError as error:
            raise PictureError(f"{source} cannot be read: {error.strerror}") from error
    if data is None or not data.startswith(START):
        return None
    try:
        document = pypdfium2.PdfDocument(data)
        drawn = []
        for number in range(min(len(document), MOST)):
            page = document[number]
            width, height = page.get_size()  # in points of 1/72 inch
            scale = min(DPI / 72, (PIXELS / max(width * height, 1)) ** 0.5)
            drawn.append(page.render(scale=scale).to_pil().convert("L"))
        return drawn
    except pypdfium2.PdfiumError as error:
        raise PictureError(f"the PDF cannot be read: {error}") from error
