"""Globally uniform boundary control: a denoising step of a large latent in overlapped patches, merged at every step.

All patches of a step see the same global noise and the same control, cut out by absolute position; where they overlap,
their results are mixed with feathered weights before the next step begins. Results are rounded to multiples of 2**-20
and weights are whole numbers, so that the sums are exact in float64 and do not depend on the order of patches.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from intaglio.networks.arrays import Array, doubles, like, zeros
from intaglio.networks.progress import Progress, ignored
from intaglio.networks.tiles import Rect
from intaglio.priors.prior import Control, Prior
from intaglio.priors.sampler import Denoise, sample

if TYPE_CHECKING:
    import torch

TILE, OVERLAP = 128, 16  # latents; 1024 and 128 pixels
GRAIN = 1 << 20  # steps per unit that results are rounded to


def starts(size: int, tile: int, overlap: int) -> list[int]:
    """Where patches begin along a side: the last one ends with the side."""
    if size <= tile:
        return [0]
    return [*range(0, size - tile, tile - overlap), size - tile]


def feather(start: int, length: int, size: int, overlap: int) -> NDArray[np.float64]:
    """Whole-number weights (length,) of a patch along a side: ramps at its inner ends, flat towards the picture's border."""
    weight = np.full(length, float(overlap))
    ramp = np.arange(1.0, overlap + 1)
    if start > 0:
        weight[:overlap] = ramp
    if start + length < size:
        weight[-overlap:] = np.minimum(weight[-overlap:], ramp[::-1])
    return weight


def patches(height: int, width: int, tile: int = TILE, overlap: int = OVERLAP) -> list[Rect]:
    """The patches of a latent, row by row."""
    h, w = min(height, tile), min(width, tile)
    tops, lefts = starts(height, tile, overlap), starts(width, tile, overlap)
    return [Rect(top, left, top + h, left + w) for top in tops for left in lefts]


def needed(
    part: Rect, height: int, width: int, steps: int, tile: int = TILE, overlap: int = OVERLAP
) -> list[list[Rect]]:
    """The patches of each step that a part of the latent depends on: in the last those that meet it, a ring more in each before."""
    every = patches(height, width, tile, overlap)
    rings = [[patch for patch in every if patch.meets(part)]]
    for _ in range(steps - 1):
        rings.append([patch for patch in every if any(patch.meets(one) for one in rings[-1])])
    return rings[::-1]


def in_patches(
    denoise: Callable[[Array, Rect], Array],
    z: Array,
    order: Sequence[Rect] | None = None,
    tile: int = TILE,
    overlap: int = OVERLAP,
) -> Array:
    """denoise(z, all of it) of a latent z (B, C, h, w), sides multiples of 4, done in patches if it is large.

    `order`: `patches(h, w, tile, overlap)` in any order, row by row by default; or some of them, the rest is left zero.
    """
    latent: Any = z
    height, width = latent.shape[2:]
    if height <= tile and width <= tile:
        return denoise(z, Rect(0, 0, height, width))
    total: Any = doubles(zeros(z, latent.shape))
    weights = np.zeros((height, width))
    for patch in order or patches(height, width, tile, overlap):
        drawn = denoise(patch.cut(z), patch)
        down = feather(patch.top, patch.height, height, overlap)
        across = feather(patch.left, patch.width, width, overlap)
        weight = down[:, None] * across[None]
        part: Any = doubles(drawn)
        patch.cut(total)[:] += (part * GRAIN).round() * _beside(total, weight)
        patch.cut(weights)[:] += weight
    out: Array = like(total / (_beside(total, weights).clip(1) * GRAIN), z)
    return out


def _beside(x: Any, weights: NDArray[np.float64]) -> Any:
    """The weights (h, w) as an array of the kind and place of x."""
    return weights if isinstance(x, np.ndarray) else x.new_tensor(weights)


def draw(
    prior: Prior,
    control: Control,
    q: torch.Tensor,
    steps: int,
    noise: torch.Tensor,
    tile: int,
    part: Rect | None = None,
    progress: Progress = ignored,
    order: int = 1,
) -> torch.Tensor:
    """Latents (B, C, h, w) that the diffusion makes under a control, from noise of that shape.

    Of a large latent, `part` alone is drawn, where it is given. `progress` is told each share of the work as it is done.
    `order` is the solver's.
    """
    h, w = noise.shape[2:]
    places = needed(part, h, w, steps, tile) if part else [patches(h, w, tile)] * steps
    share = 1 / sum(map(len, places))
    denoise = patched(prior, control, tile, places, lambda: progress(share))
    return sample(denoise, control.base, q, steps, noise, order)


def patched(
    prior: Prior,
    control: Control,
    tile: int,
    places: Sequence[Sequence[Rect]],
    after: Callable[[], object] = lambda: None,
) -> Denoise:
    """What a sampler calls once a step, D(z, sigma): the prior under a control, in patches where the latent is large.

    `places` has each step's patches. `after` is called after every patch.
    """
    steps = iter(places)

    def denoise(z: torch.Tensor, sigma: torch.Tensor) -> torch.Tensor:
        def net(part: torch.Tensor, patch: Rect) -> torch.Tensor:
            drawn = prior.denoise(part, sigma, control.window(patch))
            after()
            return drawn

        return in_patches(net, z, next(steps), tile)

    return denoise
