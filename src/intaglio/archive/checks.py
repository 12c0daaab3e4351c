"""A sample of what is done, looked at again: the result is what the list says, it can be drawn, and how near it comes."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from intaglio.archive.listing import TAR
from intaglio.archive.manifest import Manifest, Row
from intaglio.archive.picture_work import Settings
from intaglio.errors import IntaglioError, sentence
from intaglio.options import CompressOptions, DecompressOptions
from intaglio.places import place

SEED = 20_250_101


def checked(settings: Settings, count: int) -> Iterator[dict[str, Any]]:
    """One fact sheet a picture, of `count` drawn evenly from what is done: path, psnr (dB; infinite where equal), error.

    PSNR is of the drawn picture (`realism` 0, the plainest) to the source as it is now, by the pixels of the file's size; it is
    None where the source cannot be read so: a picture in a tar, or one that options made another.
    """
    draw, sample = random.Random(SEED), list[Row]()
    done = (row for row in Manifest(place(settings.target)).rows() if not row["error"])
    for number, row in enumerate(done):
        at = number if number < count else draw.randint(0, number)
        if at < count:
            sample[at : at + 1] = [row]
    for row in sample:
        try:
            yield {"path": row["path"], "psnr": _psnr(settings, row), "error": None}
        except Exception as error:
            yield {"path": row["path"], "psnr": None, "error": sentence(error)}


def _psnr(settings: Settings, row: Row) -> float | None:
    from intaglio.codec import decompress
    from intaglio.image import as_picture, to_rgb

    options = settings.options
    assert isinstance(options, CompressOptions)
    result = (place(settings.target) / row["result"]).read_bytes()
    if hashlib.sha256(result).hexdigest() != row["sha256"]:
        raise IntaglioError(f"{row['result']} is not the file that was written: remove it, and it is made again")
    drawn = decompress(result, DecompressOptions(realism=0, steps=1, bare=options.bare)).convert("RGB")
    if options.frame or any(part.lower().endswith(TAR) for part in PurePosixPath(row["path"]).parts[:-1]):
        return None
    source, _ = to_rgb(
        as_picture((place(settings.source) / row["path"]).read_bytes(), options.page), options.background
    )
    if source.shape != (drawn.height, drawn.width, 3):
        return None
    error = float(np.mean((np.asarray(source, np.float64) - np.asarray(drawn, np.float64)) ** 2))
    return round(10 * np.log10(255**2 / error), 2) if error else float("inf")
