"""The codecs: one file each, named after its paper. A new codec is one entry in CODECS."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from intaglio.codecs.cgdm import CGDM
    from intaglio.codecs.cgdm_sd import CGDMOverStableDiffusion
    from intaglio.codecs.fasdiff import FaSDiff
    from intaglio.codecs.fasdiff_sd import FaSDiffOverStableDiffusion


@dataclass(frozen=True)
class CodecSpec:
    """What there is to know of a codec before its networks are loaded."""

    name: str  # the file here, the weights file, and the word that users say
    networks: str  # the class in that file
    purpose: str  # for people
    adapter: tuple[str, str]  # file and class of its networks over a checkpoint that others trained

    def load(self) -> type[FaSDiff] | type[CGDM]:
        """The class of its networks, a `DiffusionCodec`. Imports torch."""
        networks: type[FaSDiff] | type[CGDM] = getattr(import_module(f"{__name__}.{self.name}"), self.networks)
        return networks

    def load_adapter(self) -> type[FaSDiffOverStableDiffusion] | type[CGDMOverStableDiffusion]:
        """The class of its networks over a checkpoint. Imports torch."""
        file, name = self.adapter
        networks: type[FaSDiffOverStableDiffusion] | type[CGDMOverStableDiffusion] = getattr(
            import_module(f"{__name__}.{file}"), name
        )
        return networks


CODECS = {
    spec.name: spec
    for spec in (
        CodecSpec("fasdiff", "FaSDiff", "portraits", ("fasdiff_sd", "FaSDiffOverStableDiffusion")),
        CodecSpec("cgdm", "CGDM", "any picture", ("cgdm_sd", "CGDMOverStableDiffusion")),
    )
}
"""All codecs by name, in the order in which `auto` tries them."""
