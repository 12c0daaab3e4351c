"""Intaglio: a picture in very few bytes, and a picture again.

    data = intaglio.compress(image, max_bytes=400)
    image = intaglio.decompress(data)

`Codec` keeps the model for repeated use; `inspect` reads a header. Nothing heavy is imported before the first use:
`import intaglio` costs a millisecond, torch comes with the first picture.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from intaglio.errors import (
    BudgetError,
    Corrupt,
    FormatError,
    IntaglioError,
    LimitExceeded,
    MissingModel,
    NewerVersion,
    NotIntaglio,
    OptionError,
    PictureError,
    WeightsError,
)

if TYPE_CHECKING:
    from intaglio.codec import Codec, compress, decompress
    from intaglio.info import inspect
    from intaglio.options import CompressOptions, DecompressOptions

__version__ = "0.1.0"

__all__ = [
    "BudgetError",
    "Codec",
    "CompressOptions",
    "Corrupt",
    "DecompressOptions",
    "FormatError",
    "IntaglioError",
    "LimitExceeded",
    "MissingModel",
    "NewerVersion",
    "NotIntaglio",
    "OptionError",
    "PictureError",
    "WeightsError",
    "compress",
    "decompress",
    "inspect",
]

_LAZY = {
    "Codec": "codec",
    "compress": "codec",
    "decompress": "codec",
    "inspect": "info",
    "CompressOptions": "options",
    "DecompressOptions": "options",
}
"""Public names that are imported when they are first asked for, and where from."""


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(import_module(f"{__name__}.{_LAZY[name]}"), name)
    raise AttributeError(f"module 'intaglio' has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*globals(), *_LAZY]
