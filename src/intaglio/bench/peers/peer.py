"""What a peer is: a codec with real bytes, at its settings from coarse to fine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from intaglio.measures.measure import Rgb


@dataclass(frozen=True)
class Peer:
    """A codec beside ours."""

    name: str  # "avif"; variants are "avif/2" (coded at half the size), "avif/4 smooth", "avif grey" and so on
    settings: tuple[float, ...]  # from fewest bytes to most
    encode: Callable[[Rgb, float], bytes]  # picture and setting to the whole file; (H, W, 1) is coded as greyscale
    decode: Callable[[bytes, int, int], Rgb]  # file, height, width to the picture in its original size
    version: str = ""  # of the library behind it
    fine: tuple[float, ...] = ()  # every setting worth trying, from fewest bytes to most: for a search under a limit
