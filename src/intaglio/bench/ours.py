"""Our codecs as the bench sees them: byte targets in, files out; decoded in a process that sees the bytes alone."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from intaglio.bench import workers
from intaglio.codecs import CODECS
from intaglio.measures.measure import Rgb

if TYPE_CHECKING:
    from intaglio.codec import Codec
    from intaglio.options import Focus

FOCUSED = "fasdiff/focus"  # with focus="face"
NAMES = (*CODECS, FOCUSED)


def target(setting: float, rgb: Rgb, bpp: bool) -> int:
    """Bytes for a picture: the setting itself, or bits a pixel."""
    return int(setting * rgb.shape[0] * rgb.shape[1] / 8) if bpp else int(setting)


def version(name: str) -> str:
    """The id of a codec's weights."""
    from intaglio.weights import codec_file

    codec = _codec_of(name)
    return _version(codec, codec_file.default(codec))


@functools.cache
def _version(codec: str, file: Path) -> str:
    from intaglio.weights import codec_file

    return codec_file.read(codec, file).decoder


def _codec_of(name: str) -> str:
    return name.partition("/")[0]


@functools.cache
def _loaded(codec: str, file: Path) -> Codec:
    """The codec of a file of weights that is the installed one, kept."""
    import intaglio

    return intaglio.Codec(codec)


def loaded(name: str) -> Codec:
    """The codec behind a name, kept for as long as its file of weights is the installed one."""
    from intaglio.weights import codec_file

    codec = _codec_of(name)
    return _loaded(codec, codec_file.default(codec))


def encode(name: str, rgb: Rgb, limit: int, effort: int = 0) -> bytes:
    """A picture in at most `limit` bytes. Raises BudgetError where that is impossible."""
    from PIL import Image

    focus: Focus = "face" if name == FOCUSED else "auto"
    return loaded(name).compress(Image.fromarray(rgb), max_bytes=limit, effort=effort, focus=focus)


def decode(name: str, data: bytes, steps: int = 4, realism: float = 1.0) -> Rgb:
    """A file's picture (H, W, 3)."""
    return np.array(loaded(name).decompress(data, steps=steps, realism=realism).convert("RGB"))


class Reader:
    """The process that decodes."""

    def __init__(self) -> None:
        self.pool = workers.pool(1)

    def __call__(self, name: str, data: bytes, steps: int = 4, realism: float = 1.0) -> Rgb:
        return self.pool.submit(decode, name, data, steps, realism).result()
