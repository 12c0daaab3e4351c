"""What a stage is: what a recipe says of it, what it trains, on what, and how it is judged."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

import numpy as np
import torch
from PIL import Image
from torch import nn

from intaglio.train.batches import Crops, CropSource
from intaglio.train.chain import Chain
from intaglio.train.resources import Resources

Net = TypeVar("Net", bound=nn.Module)
Losses = tuple[torch.Tensor, dict[str, float]]
"""The loss of a batch, and figures for the journal."""
Judgement = tuple[dict[str, float], Image.Image]
"""Figures of the validation pictures, and a sheet of them."""


class Stage(Protocol[Net]):
    """A stage at work. The parameters of `model` that require a gradient are trained."""

    name: str
    model: Net

    def sample(self, rng: np.random.Generator) -> Crops:
        """A batch; all its randomness is the generator's."""

    def loss(self, batch: Crops) -> Losses:
        """Of `model` as it is."""

    def validate(self, model: Net) -> Judgement:
        """Of `model`'s average."""


@dataclass(frozen=True, kw_only=True)
class StageConfig(ABC):
    """What a recipe says of any stage: how long, on what, at which rates."""

    steps: int
    batch: int = 16  # crops in a step; a quarter as many when whole pictures are drawn
    crop: int = 16  # side of a crop, latents
    whole: float = 0.25  # share of steps on whole pictures
    pictures: Mapping[str, float] = field(default_factory=dict)  # shares of the caches; none: the recipe's first alone
    lr: float = 4e-4  # peak learning rate
    warmup: int = 100  # steps of linear warm-up; a cosine to 2 % of the peak follows
    ema: float = 0.999  # decay of the averaged weights
    accumulate: int = 1  # batches in a step
    eight_bit: bool = False  # the optimiser's averages, by bitsandbytes
    validate: int = 500  # steps between validations
    save: int = 100  # steps between checkpoints

    @abstractmethod
    def part(self, chain: Chain) -> nn.Module:
        """What of the chain the stage trains: its averaged weights are put back there."""

    @abstractmethod
    def build(self, chain: Chain, resources: Resources) -> Stage[Any]:
        """The stage, its model the part of the chain itself, in which what is not trained needs no gradient."""

    def source(self, resources: Resources, low: float = 0.0) -> CropSource:
        """Batches out of those of its caches that the run has."""
        caches = resources.caches
        shares = {name: share for name, share in self.pictures.items() if name in caches} or {next(iter(caches)): 1.0}
        return CropSource(
            [caches[name] for name in shares], list(shares.values()),
            batch=self.batch, crop=self.crop, whole=self.whole, low=low, device=resources.device,
        )  # fmt: skip
