"""What the peers coded by Pillow share: a picture into a file in memory, and back."""

from __future__ import annotations

import io
from typing import Any

import numpy as np

from intaglio.measures.measure import Rgb
from intaglio.measures.optional import Unavailable


def save(picture: Rgb, kind: str, **options: Any) -> bytes:
    """The whole file of a picture (H, W, 3), or of (H, W, 1) as greyscale."""
    from PIL import Image

    out = io.BytesIO()
    Image.fromarray(picture[..., 0] if picture.shape[2] == 1 else picture).save(out, kind, **options)
    return out.getvalue()


def load(data: bytes, height: int, width: int) -> Rgb:
    """The picture (height, width, 3) of a file."""
    from PIL import Image

    with Image.open(io.BytesIO(data)) as image:
        return np.array(image.convert("RGB"))[:height, :width]


def version(feature: str, library: str) -> str:
    """The library behind a format of Pillow and its version; Unavailable where this Pillow was built without it."""
    from PIL import features

    number = features.version(feature) if features.check(feature) else None
    if number is None:
        raise Unavailable(
            f"This Pillow lacks {library}; pip install --upgrade pillow (or 'intaglio[bench]') brings it."
        )
    return f"{library} {number}"
