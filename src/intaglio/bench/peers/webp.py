"""WebP by Pillow's libwebp: method 6, the slowest and best. It has no greyscale: grey is coded with neutral chroma."""

from __future__ import annotations

import numpy as np

from intaglio.bench.peers import by_pillow
from intaglio.bench.peers.peer import Peer
from intaglio.measures.measure import Rgb

SETTINGS = (0, 1, 2, 5, 10, 20, 40, 70)  # quality
FINE = tuple(range(96))


def encode(picture: Rgb, setting: float) -> bytes:
    rgb = np.repeat(picture, 3, axis=2) if picture.shape[2] == 1 else picture
    return by_pillow.save(rgb, "WEBP", method=6, quality=int(setting))


def peer() -> Peer:
    return Peer("webp", SETTINGS, encode, by_pillow.load, by_pillow.version("webp", "libwebp"), FINE)
