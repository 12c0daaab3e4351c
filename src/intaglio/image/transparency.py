"""Transparency, laid on a background: Intaglio's files have none."""

from __future__ import annotations

import warnings

import numpy as np
from PIL import Image, ImageColor

from intaglio.errors import OptionError

_VISIBLE = 24  # levels of 255 that a part must differ by from its background
_ENOUGH = 0.1  # of the opaque pixels


def background(name: str) -> tuple[int, int, int]:
    """A colour by its name (CSS) or as #rrggbb.

    Raises:
        OptionError: there is no such colour, or it is transparent itself.
    """
    try:
        colour = ImageColor.getrgb(name)
    except (ValueError, AttributeError) as error:
        raise OptionError(f"background is {name!r}, wanted is a colour as white, or #ff8000") from error
    if len(colour) != 3:
        raise OptionError(f"background is {name!r}, which is transparent itself: wanted is #rrggbb")
    return colour


def without_empty_alpha(image: Image.Image) -> Image.Image:
    """The picture, opaque if it is a BMP or TGA without a single pixel to be seen: their writers often leave alpha 0."""
    if (
        image.format in ("BMP", "DIB", "TGA")
        and image.mode in ("RGBA", "LA")
        and image.getchannel("A").getextrema()[1] == 0
    ):
        return image.convert(image.mode[:-1])
    return image


def flattened(colour: Image.Image, image: Image.Image, ground: tuple[int, int, int]) -> Image.Image:
    """Mode RGB: `colour` where the picture `image` is opaque, the ground where it is not.

    A warning where the ground swallows what is opaque, as white does a white logo.
    """
    if not image.has_transparency_data:
        return colour
    alpha = _alpha(image)
    least, most = alpha.getextrema()
    if least == 255:
        return colour
    if most == 0:
        warnings.warn("the picture is wholly transparent: nothing of it can be seen", stacklevel=3)
    flat = Image.composite(colour, Image.new("RGB", colour.size, ground), alpha)
    step = max(1, max(flat.size) // 1000)
    opaque = np.asarray(alpha)[::step, ::step] >= 128
    if not opaque.all() and opaque.any():
        shown = np.asarray(flat)[::step, ::step][opaque].astype(np.int16)
        differs = np.abs(shown - np.array(ground, np.int16)).max(-1) >= _VISIBLE
        if differs.mean() < _ENOUGH:
            other = "black" if sum(ground) > 3 * 128 else "white"
            warnings.warn(
                f"the picture is transparent and can hardly be seen on its background: --background {other} shows it",
                stacklevel=3,
            )
    return flat


def _alpha(image: Image.Image) -> Image.Image:
    """Mode L, 255 where the picture is opaque."""
    if image.mode.startswith("I;16"):  # a transparent grey, all of whose 16 bits count; Pillow compares 8
        return Image.fromarray(np.asarray(image) != image.info["transparency"]).convert("L")
    return image.getchannel("a") if image.mode == "La" else image.convert("RGBA").getchannel("A")
