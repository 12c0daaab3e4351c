"""Why a symbol is not read: each with an exit code of its own for `intaglio read`.

IntaglioError
└── BarcodeError
    ├── NoSymbol          3  the picture shows none
    ├── DamagedSymbol     4  one is seen, and more of it is lost than its error correction mends
    ├── NotOurs           5  it holds something else
    ├── WrongSignature    6  what it says is not what was signed
    ├── UnknownKey        7  signed by somebody whose key is not among those given
    ├── NotSigned         8  keys are given, and nobody signed
    ├── Expired           9  its last day is over
    └── NotYet           10  its first day is to come
"""

from intaglio.errors import IntaglioError


class BarcodeError(IntaglioError):
    """A picture of which no portrait can be read, or whose portrait must not be trusted."""

    code = 2


class NoSymbol(BarcodeError):
    """The picture shows no symbol."""

    code = 3


class DamagedSymbol(BarcodeError):
    """A symbol is seen, and more of it is lost than its error correction mends."""

    code = 4


class NotOurs(BarcodeError):
    """The symbol is whole and holds no portrait of ours."""

    code = 5


class WrongSignature(BarcodeError):
    """The card was altered, or somebody forged it."""

    code = 6


class UnknownKey(BarcodeError):
    """Signed by a key that is not among those given."""

    code = 7


class NotSigned(BarcodeError):
    """Keys are given to verify by, and the card has no signature."""

    code = 8


class Expired(BarcodeError):
    """The card's last day is over."""

    code = 9


class NotYet(BarcodeError):
    """The card's first day is to come."""

    code = 10
