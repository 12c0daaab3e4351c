"""AVIF by Pillow's libavif and libaom: speed 0, the slowest and best, and 4:2:0, which few bytes favour."""

from __future__ import annotations

from intaglio.bench.peers import by_pillow
from intaglio.bench.peers.peer import Peer
from intaglio.measures.measure import Rgb

SETTINGS = (1, 8, 16, 25, 35, 48)  # quality
FINE = tuple(range(1, 96))  # 0 and 1 give the same file


def encode(picture: Rgb, setting: float) -> bytes:
    return by_pillow.save(picture, "AVIF", speed=0, subsampling="4:2:0", quality=int(setting))


def peer() -> Peer:
    return Peer("avif", SETTINGS, encode, by_pillow.load, by_pillow.version("avif", "libavif"), FINE)
