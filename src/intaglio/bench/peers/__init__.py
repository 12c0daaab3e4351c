"""The peers of `intaglio bench`: codecs with real bytes, each in its own file, and their variants by name."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib import import_module

from intaglio.bench.peers.peer import Peer
from intaglio.errors import OptionError
from intaglio.measures.optional import Unavailable

__all__ = ["BASES", "Peer", "available", "base", "overhead"]

BASES = {
    "jpeg": "jpeg",
    "webp": "webp",
    "avif": "avif",
    "jp2": "jpeg2000",
    "jxl": "jpegxl",
    "heic": "heic",
    "vvc": "vvc",
    "av1": "av1",
}
"""Name of a base peer to its file here."""


def base(name: str) -> Peer:
    """A base peer by name. Raises Unavailable where its library is not installed."""
    peer: Peer = import_module(f"{__name__}.{BASES[name]}").peer()
    return peer


def available(names: Sequence[str]) -> tuple[list[Peer], dict[str, str]]:
    """Peers by name ("avif", "avif/2", "avif/4 grey smooth"), and why the others are missing, by name.

    Raises:
        OptionError: an unknown name; the sentence lists the known ones.
    """
    from intaglio.bench.peers.variants import variant

    peers: list[Peer] = []
    missing: dict[str, str] = {}
    for name, scale, words in map(_parse, names):
        try:
            peers.append(variant(base(name), scale, words))
        except Unavailable as reason:
            missing[" ".join([name + scale, *words])] = str(reason)
    return peers, missing


@cache
def overhead(peer: Peer, height: int, width: int, setting: float) -> int:
    """Bytes of the file of a flat grey picture of a size: what a format costs before it says anything.

    The payload of a file is its bytes minus these, and at least 1.
    """
    import numpy as np

    return len(peer.encode(np.full((height, width, 3), 128, np.uint8), setting))


def _parse(text: str) -> tuple[str, str, tuple[str, ...]]:
    """ "avif/2 smooth" into its base, scale and words."""
    from intaglio.bench.peers.variants import SCALES, WORDS

    first, *words = text.split() or [""]
    for name in BASES:
        scale = first.removeprefix(name)
        if first.startswith(name) and scale in SCALES and set(words) <= set(WORDS):
            return name, scale, tuple(word for word in WORDS if word in words)
    scales = ", ".join(scale for scale in SCALES if scale)
    raise OptionError(f"There is no peer {text!r}: known are {', '.join(BASES)}, each with {scales}, grey and smooth.")
