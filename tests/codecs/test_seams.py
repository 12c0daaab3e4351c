"""No seam where patches meet, with the released weights: flat and graded pictures of several patches."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from intaglio.codec import Codec
from intaglio.priors.patches import patches

WIDTH, HEIGHT = 1536, 64


@pytest.fixture(scope="module")
def codec() -> Codec:
    return Codec("cgdm", device="cpu")


def borders() -> np.ndarray:
    """Columns of pixels at which a patch begins or ends."""
    ends = {x for patch in patches(HEIGHT // 8, WIDTH // 8) for x in (patch.left, patch.right)} - {0, WIDTH // 8}
    assert len(ends) >= 2
    return np.array(sorted(8 * x for x in ends))


def picture(kind: str) -> Image.Image:
    ramp = np.linspace(40, 210, WIDTH)[None].repeat(HEIGHT, 0)
    rgb = {
        "flat": np.full((HEIGHT, WIDTH, 3), (90, 130, 160)),
        "graded": np.stack([ramp, ramp[:, ::-1], 0 * ramp + 120], 2),
    }[kind]
    return Image.fromarray(rgb.round().astype(np.uint8))


@pytest.mark.parametrize("kind", ["flat", "graded"])
def test_no_seam(codec: Codec, kind: str) -> None:
    drawn = np.asarray(codec.decompress(codec.compress(picture(kind), quality=20), steps=4), np.float64)
    step = np.abs(np.diff(drawn.mean(0), axis=0)).max(1)  # between neighbouring columns, mean over rows
    at = borders() - 1
    elsewhere = np.delete(step, at)
    assert step[at].max() <= max(np.quantile(elsewhere, 0.995), 1.0)
    assert np.abs(drawn - np.asarray(picture(kind), np.float64)).mean() < 12  # the picture is there
