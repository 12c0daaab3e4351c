"""What a codec is trained over: the tiny autoencoder's space alone, or a checkpoint of others with its space."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import torch

from intaglio.checkpoints import stable_diffusion
from intaglio.checkpoints.stable_diffusion import Checkpoint
from intaglio.networks.layout import channels_last
from intaglio.networks.precision import best_dtype
from intaglio.spaces.sd_space import StableDiffusionSpace
from intaglio.spaces.taef2 import Autoencoder


@dataclass(frozen=True)
class Ground:
    """A latent space, and the checkpoint that it is of, if any."""

    space: Autoencoder | StableDiffusionSpace
    checkpoint: Checkpoint | None = None

    @classmethod
    def of(cls, place: str | None, device: torch.device) -> Self:
        """The ground on a device, frozen, a checkpoint in the best format there; `place` of a Stable Diffusion checkpoint, or None.

        Raises:
            WeightsError: there is no whole checkpoint.
        """
        if place is None:
            return cls(channels_last(Autoencoder.load(device)))
        checkpoint = stable_diffusion.load(place, device, best_dtype(device))
        return cls(StableDiffusionSpace(checkpoint), checkpoint)
