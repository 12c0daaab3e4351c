"""VVC intra by libvvenc (ffmpeg of imageio-ffmpeg): preset slow, 4:2:0 with 10 bits, a bare stream without a container.

Perceptual adaptation of the step is off: every block then has the QP asked for. Greyscale is coded with neutral chroma,
since this ffmpeg offers libvvenc 4:2:0 alone.
"""

from __future__ import annotations

from intaglio.bench.peers import ffmpeg
from intaglio.bench.peers.peer import Peer
from intaglio.measures.measure import Rgb

SETTINGS = (57, 53, 49, 45, 41, 37, 32)  # QP
FINE = tuple(range(63, 11, -1))


def side(length: int) -> int:
    """The encoder takes multiples of 8, and nothing as small as 8 itself."""
    return max(16, length + -length % 8)


def encode(picture: Rgb, setting: float) -> bytes:
    options = ["-c:v", "libvvenc", "-qp", str(int(setting)), "-preset", "slow", "-qpa", "0"]
    return ffmpeg.encode(picture, options, "vvc", side)


def decode(data: bytes, height: int, width: int) -> Rgb:
    return ffmpeg.decode(data, "vvc", side, height, width)


def peer() -> Peer:
    return Peer("vvc", SETTINGS, encode, decode, ffmpeg.version("libvvenc"), FINE)
