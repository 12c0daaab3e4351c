"""The codecs: composition of compressor, prior and file."""

from __future__ import annotations

from typing import Any

CODECS = ("fasdiff", "cgdm")


def model_of(codec: str) -> Any:
    """The class of a codec's networks."""
    if codec == "cgdm":
        from intaglio.codecs.cgdm import CGDM

        return CGDM
    from intaglio.codecs.fasdiff import FaSDiff

    return FaSDiff
