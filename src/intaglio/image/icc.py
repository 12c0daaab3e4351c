"""ICC profiles: 8 bits go through littleCMS; of deeper pictures' profiles the curves and the matrix are read (ICC.1:2022).

littleCMS, as Pillow has it, takes 8 bits a channel, too few for linear light. Profiles of scanners and printers, which
are tables, have no other way.
"""

from __future__ import annotations

import io
import struct
from typing import Any

import numpy as np
from PIL import Image, ImageCms

from intaglio.image.colour_space import ColourSpace, Levels, Transfer, power, xyz_d50_matrix


def managed(image: Image.Image, icc: bytes) -> Image.Image:
    """Mode L, RGB, CMYK or LAB to RGB, sRGB, through the profile.

    Raises:
        ImageCms.PyCMSError, OSError: the profile is broken, or of other colours than the picture.
    """
    profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
    if image.mode == "L" and profile.profile.xcolor_space == "RGB ":  # a grey JPEG out of an RGB work flow
        image = image.convert("RGB")
    return _transformed(image, profile)


def lab_to_rgb(image: Image.Image) -> Image.Image:
    """Mode LAB, under D50, to RGB."""
    return _transformed(image, ImageCms.createProfile("LAB"))


def _transformed(image: Image.Image, profile: Any) -> Image.Image:
    transformed = ImageCms.profileToProfile(image, profile, ImageCms.createProfile("sRGB"), outputMode="RGB")
    assert transformed is not None  # None is for inPlace=True
    return transformed


def space_of(icc: bytes, channels: int) -> ColourSpace | None:
    """The colour space of a profile that is no more than curves and a matrix, for 1 or 3 channels; None for others."""
    try:
        tags = {
            name: icc[start : start + size]
            for name, start, size in (struct.unpack_from(">4sII", icc, 132 + 12 * i) for i in range(icc[131]))
        }
        if icc[16:20] == b"GRAY" and channels == 1:
            return ColourSpace(_curve(tags[b"kTRC"]))
        if icc[16:20] != b"RGB " or b"A2B0" in tags or icc[20:24] != b"XYZ ":
            return None
        curves = [_curve(tags[name]) for name in (b"rTRC", b"gTRC", b"bTRC")]
        colorants = [struct.unpack_from(">3i", tags[name], 8) for name in (b"rXYZ", b"gXYZ", b"bXYZ")]
    except (KeyError, IndexError, struct.error):
        return None

    def transfer(coded: Levels) -> Levels:
        return np.stack([curves[i](coded[..., i]) for i in range(coded.shape[-1])], -1)

    return ColourSpace(transfer, xyz_d50_matrix(np.array(colorants).T / 65536))


def _curve(tag: bytes) -> Transfer:
    """A curveType or parametricCurveType."""
    if tag[:4] == b"para":
        return _parametric(tag)
    (count,) = struct.unpack_from(">I", tag, 8)
    if count < 2:
        return power(struct.unpack_from(">H", tag, 12)[0] / 256 if count else 1.0)
    table = np.frombuffer(tag, ">u2", count, 12) / 65535
    places = np.linspace(0, 1, count)
    return lambda coded: np.interp(coded, places, table).astype(np.float32)


def _parametric(tag: bytes) -> Transfer:
    kind, _ = struct.unpack_from(">HH", tag, 8)
    numbers = [n / 65536 for n in struct.unpack_from(f">{(1, 3, 4, 5, 7)[kind]}i", tag, 12)]
    g, a, b, c, d, e, f = numbers + [1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0][len(numbers) :]
    if kind == 1:
        d = -b / a
    elif kind == 2:
        c, d, e, f = 0.0, -b / a, c, c

    def transfer(coded: Levels) -> Levels:
        return np.where(coded >= d, np.maximum(a * coded + b, 0) ** g + e, c * coded + f).astype(np.float32)

    return transfer
