"""Generated pictures, so that a rehearsal needs no data: gradients, ellipses and noise. Nothing is learned from them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def picture(size: int, seed: int) -> NDArray[np.uint8]:
    """A picture (size, size, 3): a gradient, up to six ellipses on it, grain over all; by `seed`."""
    rng = np.random.default_rng(seed)
    v, u = np.mgrid[0:size, 0:size] / size
    slope = rng.uniform(-1, 1, (2, 3))
    x = rng.uniform(0.2, 0.8, 3) + u[..., None] * slope[0] + v[..., None] * slope[1]
    for _ in range(rng.integers(2, 7)):
        (cu, cv), (ru, rv), turn = rng.uniform(0.1, 0.9, 2), rng.uniform(0.05, 0.4, 2), rng.uniform(0, np.pi)
        a = (u - cu) * np.cos(turn) + (v - cv) * np.sin(turn)
        b = (v - cv) * np.cos(turn) - (u - cu) * np.sin(turn)
        x[(a / ru) ** 2 + (b / rv) ** 2 < 1] = rng.uniform(0, 1, 3)
    x += rng.normal(0, rng.uniform(0, 0.08), x.shape)
    return np.rint(x.clip(0, 1) * 255).astype(np.uint8)


def make(folder: Path, count: int, size: int, seed: int) -> Path:
    """Fill `folder` with `count` PNGs (those that exist are left) and return it; other seeds, other pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    for i in range(count):
        path = folder / f"{i:05d}.png"
        if not path.exists():
            Image.fromarray(picture(size, seed * 100_003 + i)).save(path)
    return folder
