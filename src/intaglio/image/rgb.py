"""Any Pillow picture to what the codecs see: upright, sRGB, 8 bits, opaque."""

from __future__ import annotations

import numpy as np
from PIL import Image

from intaglio.errors import PictureError
from intaglio.image.colour import deep_to_srgb, to_srgb
from intaglio.image.depth import DeepPicture, white
from intaglio.image.orientation import upright
from intaglio.image.resize import Rgb
from intaglio.image.transparency import background as colour_of
from intaglio.image.transparency import flattened, without_empty_alpha


def to_rgb(image: Image.Image, background: str = "white") -> tuple[Rgb, bool]:
    """The picture as the codecs see it.

    Integers of more than 16 bits (mode I) end at 255, 65,535 or the largest of their type, floats at 1, 255 or 65,535 (see
    `depth.white`). A broken or unsuitable colour profile is a warning, and the picture then counts as sRGB.

    Args:
        image: any mode; left as it is.
        background: what transparent parts are laid on, a name or #rrggbb.

    Returns:
        rgb (H, W, 3) uint8, and whether it is grey: all three channels equal everywhere.

    Raises:
        PictureError: no pixels, or the pixels cannot be read. OptionError: there is no such colour.
    """
    ground = colour_of(background)
    if 0 in image.size:
        raise PictureError(f"the picture is empty: {image.width} x {image.height} pixels")
    try:
        image.load()
        image = upright(without_empty_alpha(image))
        rgb = np.array(flattened(to_srgb(*_eight_bits(image)), image, ground))
    except (OSError, SyntaxError, ValueError, AttributeError) as error:  # of a closed picture, the last
        raise PictureError(f"the picture cannot be read: {error}") from error
    return rgb, bool(np.all(rgb == rgb[..., :1]))


def _eight_bits(image: Image.Image) -> tuple[Image.Image, Image.Image]:
    """Without transparency and in mode L, RGB, CMYK or LAB; and the picture that describes its colours."""
    match image.mode:
        case "L" | "RGB" | "CMYK" | "LAB":
            return image, image
        case "1" | "LA":
            return image.convert("L"), image
        case "La":
            return image.convert("LA").convert("L"), image
        case "P" | "PA" | "RGBa":
            return image.convert("RGBA").convert("RGB"), image
        case "I" | "F" | "I;16" | "I;16L" | "I;16B" | "I;16N":
            samples = np.asarray(image)[..., None]
            known = image.mode.startswith("I;16") or image.format == "PPM"
            full = 65535 if known else white(samples)
            converted = deep_to_srgb(DeepPicture(samples, full), image)
            return converted, converted
        case _:  # RGBA, RGBX, YCbCr, HSV
            return image.convert("RGB"), image
