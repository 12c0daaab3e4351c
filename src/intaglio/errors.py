"""What can go wrong, as one tree. Every message is one sentence a person can act on.

IntaglioError
├── PictureError         a picture that cannot be read or coded (empty, broken, too large a side)
├── BudgetError          max_bytes too small; the message says how small it can be
├── FormatError          bytes that are not a readable .itg file
│   ├── NotIntaglio      no magic: another kind of file
│   ├── NewerVersion     a later version of the format, or a critical chunk this version does not know
│   └── Corrupt          ours, but truncated, altered or with bytes behind its end
├── OptionError          an option out of its range or of the wrong type; also a ValueError
├── MissingModel         the file names a stream for which no weights are installed
├── LimitExceeded        a declared size over the limit; the message says how to raise it
└── WeightsError         a weights file that is partial, wrong or of another model
"""


class IntaglioError(Exception):
    """Base of all errors that this package raises on purpose."""


class PictureError(IntaglioError):
    """A picture that cannot be read or coded."""


class BudgetError(IntaglioError):
    """The wanted number of bytes cannot be reached; the message names the smallest that can, and so does `least`."""

    def __init__(self, message: str, least: int) -> None:
        super().__init__(message, least)
        self.least = least

    def __str__(self) -> str:
        return str(self.args[0])


class FormatError(IntaglioError):
    """Bytes that are not a readable .itg file."""


class NotIntaglio(FormatError):
    """The bytes do not start as an .itg file does."""


class NewerVersion(FormatError):
    """The file needs a later version of this package."""


class Corrupt(FormatError):
    """An .itg file that is truncated, altered, or followed by foreign bytes."""


class OptionError(IntaglioError, ValueError):
    """An option that is out of its range, of the wrong type, or makes no sense beside another."""


class MissingModel(IntaglioError):
    """The file names a stream for which no weights are installed."""


class LimitExceeded(IntaglioError):
    """A declared size is over the limit that the caller allows."""


class WeightsError(IntaglioError):
    """A weights file that is partial, wrong or of another model."""


def short_of_memory(error: BaseException) -> bool:
    return isinstance(error, MemoryError) or "allocate memory" in str(error)  # the second is PyTorch's


def sentence(error: BaseException) -> str:
    """An error in one line: for the system's own, the file and the reason without the number; of a stranger's, its kind."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    if isinstance(error, (IntaglioError, OSError)):
        return str(error)
    if short_of_memory(error):
        return "there is not enough memory for it"
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
