"""HEIC by libheif and x265 (pillow-heif): 4:2:0 and the library's own preset and tuning.

Measured on two pictures: x265's slower presets change the bytes by 2 % at most, in either direction.
"""

from __future__ import annotations

from intaglio.bench.peers import by_pillow
from intaglio.bench.peers.peer import Peer
from intaglio.measures.measure import Rgb
from intaglio.measures.optional import Unavailable, require

SETTINGS = (0, 2, 5, 10, 20, 30, 40, 50)  # quality
FINE = tuple(range(96))


def encode(picture: Rgb, setting: float) -> bytes:
    return by_pillow.save(picture, "HEIF", quality=int(setting), chroma=420)


def peer() -> Peer:
    pillow_heif = require("pillow_heif", "pillow-heif")
    pillow_heif.register_heif_opener()
    if not pillow_heif.libheif_info()["HEIF"]:
        raise Unavailable(
            "This pillow-heif has no HEVC encoder; pip install --upgrade pillow-heif brings one with x265."
        )
    return Peer("heic", SETTINGS, encode, by_pillow.load, f"libheif {pillow_heif.libheif_version()}", FINE)
