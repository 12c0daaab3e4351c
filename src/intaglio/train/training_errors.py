"""What can go wrong in training, in a sentence for who started it."""

from __future__ import annotations

from intaglio.errors import IntaglioError


class RecipeError(IntaglioError):
    """A recipe that cannot be read; the message names the file and the keys that it may have."""


class TrainingError(IntaglioError):
    """Training cannot start or go on: pictures, weights or a latent cache are missing, or are not the recipe's."""
