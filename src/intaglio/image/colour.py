"""Any picture's colours to sRGB, by what the file says of them.

What says it, first things first: cICP (PNG), an ICC profile, nclx (AVIF, HEIF), sRGB, gAMA with cHRM (PNG), Adobe RGB by
EXIF (DCF 2.0). Nothing said means sRGB, and so do the curves of BT.709, which screens show as they show sRGB's.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
from PIL import Image, ImageCms

from intaglio.image import icc
from intaglio.image.colour_space import (
    ADOBE_GAMMA,
    ADOBE_PRIMARIES,
    PRIMARIES,
    SRGB_PRIMARIES,
    ColourSpace,
    Levels,
    Transfer,
    power,
    primaries_matrix,
    srgb_linear,
)
from intaglio.image.depth import DeepPicture
from intaglio.image.high_range import hlg, pq

Info = Mapping[Any, Any]
"""What a file says of a picture: Pillow's `Image.info`."""
CODES = "cicp"
"""The key of `Image.info` under which primaries and transfer stand, by ITU-T H.273, and maybe whether the range is narrow."""

_UNSPECIFIED = 2
_AS_SRGB = {1, _UNSPECIFIED, 6, 11, 12, 13, 14, 15}
_TRANSFERS: dict[int, Transfer] = {
    **dict.fromkeys(_AS_SRGB, srgb_linear),
    4: power(2.2),
    5: power(2.8),
    8: power(1.0),
    16: pq,
    17: lambda coded: coded ** np.float32(2.6) * np.float32(52.37 / 48),
    18: hlg,
}
_EXIF, _INTEROPERABILITY, _INTEROPERABILITY_INDEX, _COLOR_SPACE = 0x8769, 0xA005, 1, 0xA001
_UNCALIBRATED, _ADOBE = 0xFFFF, 2


def to_srgb(image: Image.Image, described: Image.Image) -> Image.Image:
    """Mode L, RGB, CMYK or LAB to RGB, sRGB; what cannot be converted is a warning, and counts as sRGB.

    Args:
        image: the pixels. described: the picture that they are of, with what its file says in `info`.
    """
    grey = image.mode == "L"
    profile = described.info.get("icc_profile")
    if profile is None and "icc_profile" in described.info:  # Pillow's word for one that it could not put together
        warnings.warn("the picture's colour profile is damaged, sRGB is assumed", stacklevel=3)
    if CODES not in described.info and profile:
        try:
            image = icc.managed(image, profile)
        except (ImageCms.PyCMSError, OSError) as error:
            warnings.warn(f"the picture's colour profile is unusable, sRGB is assumed: {error}", stacklevel=3)
    elif image.mode in ("L", "RGB") and (space := _space(described)):
        samples = np.asarray(image)
        image = DeepPicture(samples if samples.ndim == 3 else samples[..., None], 255).eight_bits(space)
    if image.mode == "LAB":
        image = icc.lab_to_rgb(image)
    # Colour management may round the three channels of a grey apart.
    return image.convert("L").convert("RGB") if grey else image.convert("RGB")


def deep_to_srgb(picture: DeepPicture, described: Image.Image) -> Image.Image:
    """More than 8 bits to mode L, RGB, LA, RGBA or CMYK; `info` holds the profile if it is still to be applied."""
    profile, channels = described.info.get("icc_profile"), picture.colours.shape[2]
    by_codes = CODES in described.info or not profile
    space = None
    if channels < 4:
        space = icc.space_of(profile, channels) if profile and not by_codes else _space(described)
    image = picture.eight_bits(space)
    if not by_codes and space is None:
        image.info["icc_profile"] = profile
    return image


def _space(described: Image.Image) -> ColourSpace | None:
    """What is not an ICC profile; None for sRGB."""
    info = described.info
    if codes := info.get(CODES):
        return _by_codes(*codes)
    if "srgb" in info:
        return None
    if "gamma" in info or "chromaticity" in info:
        return _by_gamma(info.get("gamma"), info.get("chromaticity"))
    return _by_exif(described)


def _by_codes(primaries: int, transfer: int, narrow: bool = False) -> ColourSpace | None:
    if transfer not in _TRANSFERS or primaries not in (*PRIMARIES, _UNSPECIFIED):
        warnings.warn(
            f"the picture's colours are of a kind that is not read (primaries {primaries}, transfer {transfer} of H.273), "
            "sRGB is assumed: convert it to sRGB first",
            stacklevel=2,
        )
        return None
    matrix = primaries_matrix(PRIMARIES.get(primaries, SRGB_PRIMARIES))
    bright = transfer in (16, 18)
    if bright:
        warnings.warn(
            "the picture has a high dynamic range (PQ or HLG): what is brighter than white is compressed", stacklevel=2
        )
    if matrix is None and transfer in _AS_SRGB and not narrow:
        return None
    light = _TRANSFERS[transfer]
    return ColourSpace((lambda coded: light(_widened(coded))) if narrow else light, matrix, bright)


def _widened(coded: Levels) -> Levels:
    """Black at 16 and white at 235 of 255 to 0..1."""
    return np.clip((coded * 255 - 16) / 219, 0, 1)


def _by_gamma(gamma: float | None, chromaticity: Any) -> ColourSpace | None:
    """The gamma that stands for sRGB's curve is 1 / 2.2, where the primaries are sRGB's too."""
    try:
        matrix = primaries_matrix(chromaticity or SRGB_PRIMARIES)
    except ValueError:
        warnings.warn("the picture's primaries (cHRM) are unusable, sRGB's are assumed", stacklevel=2)
        matrix = None
    if matrix is None and (not gamma or abs(gamma * 2.2 - 1) < 0.01):
        return None
    return ColourSpace(power(1 / gamma) if gamma else srgb_linear, matrix)


def _by_exif(described: Image.Image) -> ColourSpace | None:
    if "exif" not in described.info:
        return None
    try:
        exif = described.getexif()
        colours = exif.get_ifd(_EXIF).get(_COLOR_SPACE)
        index = str(exif.get_ifd(_INTEROPERABILITY).get(_INTEROPERABILITY_INDEX, "")).strip("\0 ")
    except Exception:  # broken EXIF says nothing of colours
        return None
    if colours == _ADOBE or (colours == _UNCALIBRATED and index == "R03"):
        return ColourSpace(power(ADOBE_GAMMA), primaries_matrix(ADOBE_PRIMARIES))
    if colours == _UNCALIBRATED:
        warnings.warn(
            "the picture's EXIF says that its colours are not sRGB, and not which they are: sRGB is assumed",
            stacklevel=2,
        )
    return None
