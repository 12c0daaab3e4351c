"""Intaglio: a picture in very few bytes, and a picture again.

    data = intaglio.compress(image, max_bytes=400)
    image = intaglio.decompress(data)

`Codec` keeps the model for repeated use and takes lists; `inspect` reads a header. Nothing heavy is imported before
the first use: `import intaglio` costs a millisecond, torch comes with the first picture.
"""

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
    PictureError,
    WeightsError,
)

if TYPE_CHECKING:
    from intaglio.codec import Codec, compress, decompress
    from intaglio.info import inspect

__version__ = "0.1.0"

__all__ = [
    "BudgetError",
    "Codec",
    "Corrupt",
    "FormatError",
    "IntaglioError",
    "LimitExceeded",
    "MissingModel",
    "NewerVersion",
    "NotIntaglio",
    "PictureError",
    "WeightsError",
    "compress",
    "decompress",
    "inspect",
]


def __getattr__(name: str) -> Any:
    if name == "inspect":
        from intaglio.info import inspect

        return inspect
    if name in {"Codec", "compress", "decompress"}:
        from intaglio import codec as api

        return getattr(api, name)
    raise AttributeError(f"module 'intaglio' has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*globals(), "Codec", "compress", "decompress", "inspect"]
