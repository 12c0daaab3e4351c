"""Libraries that only the bench needs, for measures and peers alike, and only if they are there."""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path
from typing import Any

from intaglio.errors import IntaglioError

ADVICE = "is not installed: pip install 'intaglio[bench]'"


class Unavailable(IntaglioError):
    """A library or a file of weights is not at hand; the sentence says which and how to get it."""


def require(module: str, package: str) -> Any:
    """The module.

    Raises:
        Unavailable: it is not installed, with the name of the package on PyPI that brings it; or it is installed and does
            not load (a system library is missing), with the reason.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as e:
        raise Unavailable(f"{package} {ADVICE}, or pip install {package}.") from e
    except (ImportError, OSError) as e:
        raise Unavailable(f"{package} is installed but does not load ({e}).") from e


def data_of(module: str, package: str, *path: str) -> Path:
    """A file that a package carries, located without importing the package (some import what nobody has any more).

    Raises:
        Unavailable: the package is not installed, or lacks the file.
    """
    spec = importlib.util.find_spec(module)
    for place in (spec.submodule_search_locations or []) if spec else []:
        if (file := Path(place, *path)).is_file():
            return file
    raise Unavailable(f"{package} {ADVICE}, or pip install --no-deps {package}.")
