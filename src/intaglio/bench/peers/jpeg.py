"""JPEG by Pillow's libjpeg-turbo: 4:2:0, Huffman tables fitted to the picture.

Baseline: progressive takes 70 to 350 bytes more at 256 x 256.
"""

from __future__ import annotations

from intaglio.bench.peers import by_pillow
from intaglio.bench.peers.peer import Peer
from intaglio.measures.measure import Rgb

SETTINGS = (2, 5, 10, 20, 30, 40, 55, 70)  # quality
FINE = tuple(range(2, 96))  # 1 gives as many bytes as 2


def encode(picture: Rgb, setting: float) -> bytes:
    return by_pillow.save(picture, "JPEG", quality=int(setting), optimize=True, subsampling="4:2:0")


def peer() -> Peer:
    return Peer("jpeg", SETTINGS, encode, by_pillow.load, by_pillow.version("libjpeg_turbo", "libjpeg-turbo"), FINE)
