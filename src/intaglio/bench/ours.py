"""Our codecs as the bench sees them: byte targets in, files out; decoded in a process that sees the bytes alone."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from intaglio.bench import workers
from intaglio.codecs import CODECS
from intaglio.weights import codec_file as weights

if TYPE_CHECKING:
    from intaglio.codec import Codec
    from intaglio.options import Focus

Rgb = NDArray[np.uint8]
FOCUSED = "fasdiff/focus"  # with focus="face"
NAMES = (*CODECS, FOCUSED)


def target(setting: float, rgb: Rgb, bpp: bool) -> int:
    """Bytes for a picture: the setting itself, or bits a pixel."""
    return int(setting * rgb.shape[0] * rgb.shape[1] / 8) if bpp else int(setting)


def version(name: str) -> str:
    """The id of a codec's weights."""
    codec = _of(name)
    return _version(codec, weights.default(codec))


@functools.cache
def _version(name: str, file: Path) -> str:
    return weights.read(name, file).decoder


def _of(name: str) -> str:
    """The codec behind a name."""
    return name.partition("/")[0]


@functools.cache
def _codec(name: str) -> Codec:
    import intaglio

    return intaglio.Codec(name)


def encode(name: str, rgb: Rgb, limit: int, effort: int) -> bytes:
    """A picture in at most `limit` bytes. Raises BudgetError where that is impossible."""
    from PIL import Image

    focus: Focus | None = "face" if name == FOCUSED else None
    return _codec(_of(name)).compress(Image.fromarray(rgb), max_bytes=limit, effort=effort, focus=focus)


def decode(name: str, data: bytes, steps: int, realism: float) -> Rgb:
    return np.array(_codec(_of(name)).decompress(data, steps=steps, realism=realism).convert("RGB"))


class Reader:
    """The process that decodes."""

    def __init__(self) -> None:
        self.pool = workers.pool(1)

    def __call__(self, name: str, data: bytes, steps: int, realism: float) -> Rgb:
        return self.pool.submit(decode, name, data, steps, realism).result()
