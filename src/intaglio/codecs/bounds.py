"""CGDM's bounds on how far what is drawn strays from the base, for both engines."""

from __future__ import annotations

from typing import Any

from intaglio.networks.arrays import Array

LATENT_BOUND = 2.0  # a drawn latent lies at most so far from the base latent, in the unit of latents (deviation 1)
LOW_BOUND = 4 / 255  # and every 8x8 mean of the drawn picture so far from the base picture's, before clipping to 0..1


def near(z: Array, base: Array, realism: float = 1.0) -> Array:
    """z moved, value by value, to within realism * LATENT_BOUND of the base."""
    drawn: Any = z
    out: Array = base + (drawn - base).clip(-realism * LATENT_BOUND, realism * LATENT_BOUND)
    return out
