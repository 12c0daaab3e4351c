"""Portraits in barcodes: a photograph to a symbol for print, and a photograph of that to the portrait.

    symbol = make("me.jpg", key="issuer.pem")
    Path("card.png").write_bytes(symbol.png())
    reading = read("photo.jpg", keys="keys/")          # raises unless one of the keys signed it
    reading.image.save("portrait.png")

The names are imported when they are first asked for. Raises OptionError then, where `intaglio[barcode]` is not installed.
"""

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from intaglio.errors import OptionError

if TYPE_CHECKING:
    from intaglio.barcode.budget import Layout
    from intaglio.barcode.keyring import Keyring
    from intaglio.barcode.maker import Symbol, make
    from intaglio.barcode.reader import Reading, read

__all__ = ["Keyring", "Layout", "Reading", "Symbol", "make", "read"]

_LAZY = {
    "Keyring": "keyring",
    "Layout": "budget",
    "Reading": "reader",
    "Symbol": "maker",
    "make": "maker",
    "read": "reader",
}
_NEEDED = ("zxingcpp", "cryptography", "cbor2", "base45", "pypdfium2")


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module 'intaglio.barcode' has no attribute {name!r}")
    if missing := [module for module in _NEEDED if find_spec(module) is None]:
        raise OptionError(f"barcodes need {', '.join(missing)}: `pip install 'intaglio[barcode]'` brings all of it")
    return getattr(import_module(f"{__name__}.{_LAZY[name]}"), name)
