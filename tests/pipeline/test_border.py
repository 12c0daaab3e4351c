"""The outermost pixels of what the released codecs draw: once two to three times as far off as the rest."""

from __future__ import annotations

from importlib.resources import files

import numpy as np
import pytest
from PIL import Image

from intaglio.codec import Codec


@pytest.mark.parametrize("name", ["fasdiff", "cgdm"])
def test_the_border_is_little_worse_than_the_rest(name: str) -> None:
    portrait = Image.open(str(files("intaglio") / "data" / "astronaut.png")).convert("RGB")
    codec, border, inside = Codec(name, device="cpu"), [], []
    for left, top in ((20, 90), (230, 230)):
        picture = portrait.crop((left, top, left + 256, top + 256))
        drawn = codec.decompress(codec.compress(picture, quality=60, focus="off"), steps=1)
        error = np.abs(np.asarray(drawn, float) - np.asarray(picture, float)).mean(2)
        border += [error[0], error[-1], error[:, 0], error[:, -1]]
        inside.append(error[1:-1, 1:-1])
    assert np.mean(border) < 1.7 * np.mean(inside)
