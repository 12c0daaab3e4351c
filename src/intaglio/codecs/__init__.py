"""The codecs: one file each, named after its paper. A new codec is one entry in CODECS."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from intaglio.codecs.cgdm import CGDM
    from intaglio.codecs.fasdiff import FaSDiff


@dataclass(frozen=True)
class CodecSpec:
    """What there is to know of a codec before its networks are loaded."""

    name: str  # the file here, the weights file, and the word that users say
    networks: str  # the class in that file
    purpose: str  # for people

    def load(self) -> type[FaSDiff] | type[CGDM]:
        """The class of its networks, a `DiffusionCodec`. Imports torch."""
        networks: type[FaSDiff] | type[CGDM] = getattr(import_module(f"{__name__}.{self.name}"), self.networks)
        return networks


CODECS = {
    spec.name: spec for spec in (CodecSpec("fasdiff", "FaSDiff", "portraits"), CodecSpec("cgdm", "CGDM", "any picture"))
}
"""All codecs by name, in the order in which `auto` tries them."""
