"""AV1 by libaom (ffmpeg of imageio-ffmpeg): one still picture, constant quality, 4:2:0 with 10 bits; grey is monochrome.

A bare OBU stream: its overhead is the 2 bytes of a temporal delimiter and the sequence header, no container (IVF would
add 44 bytes, AVIF some 300). Speed 0, the slowest and best, as the AVIF beside it.
"""

from __future__ import annotations

from intaglio.bench.peers import ffmpeg
from intaglio.bench.peers.peer import Peer
from intaglio.measures.measure import Rgb

SETTINGS = (63, 60, 57, 53, 48, 42, 36, 30)  # CRF
FINE = tuple(range(63, 3, -1))


def side(length: int) -> int:
    """Even: whole chroma samples."""
    return length + length % 2


def encode(picture: Rgb, setting: float) -> bytes:
    rate = ["-c:v", "libaom-av1", "-crf", str(int(setting)), "-b:v", "0"]
    options = [*rate, "-cpu-used", "0", "-still-picture", "1", "-frames:v", "1"]
    return ffmpeg.encode(picture, options, "obu", side, "yuv420p10le" if picture.shape[2] == 3 else "gray10le")


def decode(data: bytes, height: int, width: int) -> Rgb:
    return ffmpeg.decode(data, "obu", side, height, width)


def peer() -> Peer:
    return Peer("av1", SETTINGS, encode, decode, ffmpeg.version("libaom-av1"), FINE)
