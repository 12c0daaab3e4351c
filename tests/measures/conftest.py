"""Pictures made from formulas, the same on every machine: nobody's rights, nobody's face."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw

Rgb = NDArray[np.uint8]


def scene(height: int, width: int) -> Rgb:
    """Waves of several sizes and a grain."""
    y, x = np.mgrid[:height, :width].astype(np.int64)
    grain = ((x * 7919 + y * 104729 + x * y * 31) % 251) / 251
    planes = [
        np.sin(x / (9 + c)) + np.sin(y / (14 - c)) + np.sin((x + 2 * y) / (23 + c)) + np.sin(x * y / 900) + 0.5 * grain
        for c in range(3)
    ]
    return (np.stack(planes, 2) * 25 + 120).clip(0, 255).round().astype(np.uint8)


def spoil(rgb: Rgb) -> Rgb:
    """A bad codec: colours in steps of 24, and every second column its left neighbour's."""
    return np.repeat(rgb[:, ::2] // 24 * 24 + 12, 2, axis=1)[:, : rgb.shape[1]]


@pytest.fixture(scope="session")
def original() -> Rgb:
    return scene(192, 224)


@pytest.fixture(scope="session")
def decoded(original: Rgb) -> Rgb:
    return spoil(original)


@pytest.fixture(scope="session")
def drawing() -> Rgb:
    """A face, drawn, that dlib's detector takes for one: 256x256, nobody's."""
    picture = Image.new("RGB", (256, 256), (120, 140, 160))
    draw = ImageDraw.Draw(picture)
    draw.ellipse((58, 30, 198, 226), fill=(214, 172, 142))
    draw.pieslice((54, 14, 202, 150), 180, 360, fill=(52, 36, 28))
    for x in (98, 158):
        draw.rectangle((x - 20, 92, x + 20, 98), fill=(60, 42, 32))
        draw.ellipse((x - 17, 104, x + 17, 122), fill=(240, 240, 240))
        draw.ellipse((x - 8, 104, x + 8, 121), fill=(40, 30, 28))
    draw.polygon([(128, 112), (116, 154), (140, 154)], fill=(186, 142, 116))
    draw.ellipse((104, 176, 152, 194), fill=(156, 70, 70))
    return np.array(picture.resize((128, 128), Image.Resampling.BOX).resize((256, 256), Image.Resampling.BICUBIC))
