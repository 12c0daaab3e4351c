"""A codec of a few lines, pictures of a few pixels."""

import numpy as np

from intaglio.bench.peers.peer import Peer
from intaglio.measures.measure import Rgb


def picture(height: int = 37, width: int = 53) -> Rgb:
    """A slope, a disc and grain in three colours: something for every setting to spend bytes on."""
    y, x = np.mgrid[:height, :width]
    disc = 60 * ((y - height / 2) ** 2 + (x - width / 2) ** 2 < (min(height, width) / 3) ** 2)
    grain = np.random.default_rng(3).normal(0, 8, (height, width))
    planes = [60 + x * 2 + disc + grain, 190 - y * 2 - disc + grain, 100 + disc - grain]
    return np.stack(planes, axis=2).clip(0, 255).astype(np.uint8)


def encode(rgb: Rgb, setting: float) -> bytes:
    """Ten bytes of header (size, channels, setting), then every sample in steps of 64 / setting, cut to setting x 40."""
    height, width, channels = rgb.shape
    header = bytes([height, width, channels, int(setting)]) + bytes(6)
    busy = int(rgb.std() > 0)  # a flat picture takes nothing but the header
    return header + (rgb // (64 / setting)).astype(np.uint8).tobytes()[: busy * int(setting) * 40]


def decode(data: bytes, height: int, width: int) -> Rgb:
    assert data[:2] == bytes([height, width])
    samples = np.full(height * width * data[2], 64.0)
    body = np.frombuffer(data[10:], np.uint8)
    samples[: len(body)] = (body + 0.5) * (64 / data[3])
    out = samples.clip(0, 255).astype(np.uint8).reshape(height, width, data[2])
    return np.repeat(out, 3, axis=2) if data[2] == 1 else out


def fake() -> Peer:
    return Peer("fake", (1, 4, 16), encode, decode, "fake 1", tuple(range(1, 65)))
