"""JPEG (ITU-T T.81) below Pillow: what a file is coded by, and a file that ends too early."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from PIL import Image

START = b"\xff\xd8\xff"
END = b"\xff\xd9"
_FILLED = 128  # what libjpeg leaves where there are no more data, in every channel


def segments(jpeg: bytes) -> Iterator[tuple[int, bytes]]:
    """Markers and what they hold, up to the first scan."""
    place = 2
    while place + 4 <= len(jpeg) and jpeg[place] == 0xFF:
        marker = jpeg[place + 1]
        if marker == 0xFF:  # fill bytes
            place += 1
            continue
        if marker == 0xDA:
            return
        length = int.from_bytes(jpeg[place + 2 : place + 4], "big")
        yield marker, jpeg[place + 4 : place + 2 + length]
        place += 2 + length


def strange(jpeg: bytes) -> str | None:
    """What of the coding Pillow cannot read, in words; None if nothing is."""
    for marker, body in segments(jpeg):
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC) and body:
            if marker in (0xC3, 0xC7, 0xCB, 0xCF):
                return "a lossless JPEG"
            if body[0] != 8:
                return f"a JPEG of {body[0]} bits a sample"
            if marker in (0xC5, 0xC6, 0xCD, 0xCE):
                return "a hierarchical JPEG"
    return None


def size(jpeg: bytes) -> tuple[int, int]:
    """Width and height; 0 where no frame says so."""
    for marker, body in segments(jpeg):
        if marker in (0xC0, 0xC1, 0xC2) and len(body) >= 5:
            return int.from_bytes(body[3:5], "big"), int.from_bytes(body[1:3], "big")
    return 0, 0


def info(jpeg: bytes) -> dict[str, bytes]:
    """EXIF and profile, as `Image.info` has them."""
    said: dict[str, bytes] = {}
    profile = {}
    for marker, body in segments(jpeg):
        if marker == 0xE1 and body.startswith(b"Exif\0\0"):
            said.setdefault("exif", body)
        elif marker == 0xE2 and body.startswith(b"ICC_PROFILE\0"):
            profile[body[12]] = body[14:]
    if profile:
        said["icc_profile"] = b"".join(profile[number] for number in sorted(profile))
    return said


def loss(image: Image.Image) -> str:
    """What is missing of a picture whose data ended too early: the lowest rows, which libjpeg fills with grey.

    Of a progressive one the whole is there, and its last scans may be missing.
    """
    pixels = np.asarray(image).reshape(image.height, -1)
    filled = 0
    while filled < image.height and np.all(pixels[-1 - filled] == _FILLED):
        filled += 1
    if not filled and "progressive" in image.info:
        return "it is cut short, so it may be coarser than it was"
    if not filled:
        return "its end mark is missing, and all of its rows are there"
    return f"it is cut short: the lowest {max(0.01, filled / image.height):.0%} of it are missing"
