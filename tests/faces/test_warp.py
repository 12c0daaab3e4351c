"""One resampling: what is band-limited comes out as the formula says, and what is finer than a pixel is gone."""

from __future__ import annotations

import numpy as np
import pytest

from intaglio.faces import warp
from intaglio.faces.warp import Array

SIZE = 96, 80
TURN = 0.3


def waves(x: Array, y: Array, low: float, high: float) -> Array:
    """Twelve waves of `low` to `high` cycles a pixel about mid grey, in three channels, at places x, y (h, w)."""
    rng, z = np.random.default_rng(0), np.zeros((*x.shape, 3))
    for _ in range(12):
        frequency, direction = rng.uniform(low, high), rng.uniform(0, 2 * np.pi)
        phase = 2 * np.pi * frequency * (x * np.cos(direction) + y * np.sin(direction))
        z += np.sin(phase[..., None] + rng.uniform(0, 6, 3))
    return 127.5 + 8 * z


def cut(scale: float, low: float, high: float) -> tuple[Array, Array]:
    """What is cut out of a picture of such waves (cycles a pixel of the cut), and what it is by the formula."""
    side = round(200 * scale) + 80
    rows, columns = np.mgrid[:side, :side] + 0.5
    per = max(scale, 1.0)
    picture = np.rint(waves(columns, rows, low / per, high / per)).astype(np.uint8)
    matrix = warp.similarity((side / 2 + 0.3, side / 2 - 0.2), scale, TURN, SIZE)
    v, u = np.mgrid[: SIZE[0], : SIZE[1]] + 0.5
    x, y = (row[0] * u + row[1] * v + row[2] for row in matrix)
    return warp.affine(picture, matrix, SIZE).astype(np.float64), waves(x, y, low / per, high / per)


@pytest.mark.parametrize(("scale", "decibels"), [(0.5, 43), (0.9, 43), (1.3, 46), (2.4, 49), (3.7, 50), (9.3, 52)])
def test_what_is_band_limited_comes_out_as_it_is(scale: float, decibels: float) -> None:
    seen, wanted = cut(scale, 0.03, 0.3)
    assert 10 * np.log10(255**2 / np.mean((seen - wanted) ** 2)) > decibels


@pytest.mark.parametrize("scale", [2.4, 5.0, 9.3])
def test_what_is_finer_than_a_pixel_is_gone(scale: float) -> None:
    seen, wanted = cut(scale, 0.75, 0.95)
    assert wanted.std() > 15
    assert seen.std() < 1


def test_the_border_is_repeated_beyond_it() -> None:
    picture = np.full((8, 8, 3), 200, np.uint8)
    matrix = warp.similarity((8.0, 4.0), 1.0, 0.0, (8, 8))
    assert (warp.affine(picture, matrix, (8, 8)) == 200).all()
    beyond = warp.outside(matrix, (8, 8), (8, 8))
    np.testing.assert_allclose(beyond[0], [0, 0, 0, 0, 0.5, 1.5, 2.5, 3.5])


def test_there_and_back_is_where_it_was() -> None:
    matrix = warp.similarity((31.0, 7.0), 2.5, 1.1, SIZE)
    place = np.array([3.0, 4.0, 1.0])
    back = warp.inverse(matrix) @ np.append(matrix @ place, 1)
    np.testing.assert_allclose(back, place[:2])
