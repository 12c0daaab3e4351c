"""What the stages of a run share, each made when it is first asked for."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import torch

from intaglio.faces.recogniser import FaceRecogniser
from intaglio.measures.lpips import LPIPS
from intaglio.measures.mobilenet import MobileNet
from intaglio.spaces.space import LatentSpace
from intaglio.train.ground import Ground
from intaglio.train.latent_cache import LatentCache
from intaglio.train.team import team
from intaglio.train.validation import Validation


class Perceptual(Protocol):
    """A distance of pictures (B, 3, H, W) in 0..1 in the features of a network: (B,)."""

    def features(self, x: torch.Tensor) -> list[torch.Tensor]: ...

    def distance(self, a: list[torch.Tensor], b: list[torch.Tensor]) -> torch.Tensor: ...

    def __call__(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor: ...


class Resources:
    """Latent caches by name, networks of losses from the folder `features` (without, of random weights), validation."""

    def __init__(
        self,
        caches: Mapping[str, LatentCache],
        ground: Ground,
        val: Path,
        validation: int,
        features: Path | None = None,
    ) -> None:
        self.ground, self.caches, self._val, self._count, self._features = ground, caches, val, validation, features
        self.device = team().device

    @property
    def space(self) -> LatentSpace:
        """Between pictures and latents."""
        return self.ground.space

    @functools.cached_property
    def lpips(self) -> Perceptual:
        if self._features is None:
            print("No --features: the feature networks have random weights, so all figures mean nothing.")
        return LPIPS(self._features).to(self.device)

    @functools.cached_property
    def mobilenet(self) -> Perceptual:
        return MobileNet(self._features).to(self.device)

    @functools.cached_property
    def recogniser(self) -> FaceRecogniser:
        return FaceRecogniser(self._features).to(self.device)

    @functools.cached_property
    def validation(self) -> Validation:
        size = next(iter(self.caches.values())).size
        return Validation(self._val, self.space, size, self._count, self.device)
