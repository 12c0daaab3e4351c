"""JPEG XL by libjxl (pillow-jxl-plugin): effort 9, 13 to 23 % fewer bytes than the usual 7; a bare codestream.

Its quality 0 is Butteraugli distance 25, as coarse as the format goes: it does not reach a few hundred bytes unscaled.
"""

from __future__ import annotations

from importlib.metadata import version

from intaglio.bench.peers import by_pillow
from intaglio.bench.peers.peer import Peer
from intaglio.measures.measure import Rgb
from intaglio.measures.optional import require

SETTINGS = (0, 2, 5, 10, 20, 30, 50, 70)  # quality
FINE = tuple(range(96))


def encode(picture: Rgb, setting: float) -> bytes:
    return by_pillow.save(picture, "JXL", quality=int(setting), effort=9, num_threads=0)


def peer() -> Peer:
    require("pillow_jxl", "pillow-jxl-plugin")  # its import registers the format with Pillow
    return Peer("jxl", SETTINGS, encode, by_pillow.load, f"pillow-jxl-plugin {version('pillow-jxl-plugin')}", FINE)
