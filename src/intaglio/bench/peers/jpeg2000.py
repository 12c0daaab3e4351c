"""JPEG 2000 by Pillow's OpenJPEG: the 9-7 wavelet, one layer, set by how many times smaller than the raw picture.

Colours go through the codec's own transform (off in Pillow unless asked for; it is worth 1 to 4 dB). The file is the
bare codestream: without some 80 bytes of boxes, 32 of the library's name, and 9 a level of the wavelet that small sides waste.
"""

from __future__ import annotations

from intaglio.bench.peers import by_pillow
from intaglio.bench.peers.peer import Peer
from intaglio.measures.measure import Rgb

SETTINGS = (800, 400, 250, 150, 100, 60, 40, 30)  # raw bytes over bytes of the file
FINE = tuple(round(1000 * 0.95**step, 2) for step in range(120))  # 1000 to 2.2, 5 % apart


def encode(picture: Rgb, setting: float) -> bytes:
    levels = min(6, max(1, min(picture.shape[:2]).bit_length() - 4))  # the last one is of 16 to 31 samples a side
    rate = {"quality_mode": "rates", "quality_layers": [setting], "irreversible": True}
    lean = {"no_jp2": True, "comment": " ", "num_resolutions": levels}  # an empty comment brings the library's own
    return by_pillow.save(picture, "JPEG2000", mct=int(picture.shape[2] == 3), **rate, **lean)


def peer() -> Peer:
    return Peer("jp2", SETTINGS, encode, by_pillow.load, by_pillow.version("jpg_2000", "OpenJPEG"), FINE)
