"""A recipe in a folder: its latent caches, then its rounds in order, each from the weights of the one before.

    RUN/cache/NAME                       latent caches (`latent_cache`)
    RUN/round-N/STAGE/                   what a stage leaves (`loop`)
    RUN/round-N/CODEC.safetensors        the round's weights: it is done, and the next starts from there

All that is finished is passed over, so the same call goes on wherever one was stopped.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from intaglio.codecs.assembly import Prior
from intaglio.networks.layout import channels_last
from intaglio.train import (
    cached_faces,
    chain,
    dry_run,
    estimate,
    focus_fit,
    generated,
    latent_cache,
    pack,
    portrait_fit,
)
from intaglio.train.chain import Chain
from intaglio.train.checkpoint import Checkpoint, replace
from intaglio.train.ground import Ground
from intaglio.train.latent_cache import LatentCache
from intaglio.train.loop import train
from intaglio.train.recipe import Recipe
from intaglio.train.resources import Resources
from intaglio.train.team import team
from intaglio.train.training_errors import TrainingError


@dataclass
class Run:
    """A recipe, where it runs, and what it is given."""

    recipe: Recipe
    folder: Path
    data: Sequence[Path] = ()  # folders of pictures, or WebDataset tars
    others: Sequence[Path] = ()  # the same, of pictures of the other kind; none: caches of others are left out
    val: Path | None = None  # folder of validation pictures
    features: Path | None = None  # folder of the losses' networks
    start: Path | None = None  # a weights file that the first round to be done starts from
    checkpoint: str | None = None  # place of the checkpoint that the recipe is over
    cache: Path | None = None  # folder of the latent caches, RUN/cache if there is none
    deadline: float = float("inf")  # seconds since the epoch

    def make_caches(self, limit: int | None = None) -> bool:
        """Make the recipe's latent caches, or go on with them; False if time ran out. `limit`: rows of each for now.

        Raises:
            TrainingError: there are no pictures, or the folder holds caches of others.
        """
        us = team()
        return us.agree(self._made(limit) if us.first else True)

    def _made(self, limit: int | None) -> bool:
        device = team().device
        if self.val is None and self.recipe.generated:
            self._generated("val", self.recipe.validation)
        space = self._ground.space
        for name, config in self.recipe.caches.items():
            if config.others and not self.others:
                print(f"No --others: cache {name} is left out.")
                continue
            data = self.others if config.others else self.data or [self._generated("train", self.recipe.generated)]
            cache = latent_cache.build(
                self._cache_folder / name, data,
                space=space, size=self.recipe.size, variants=config.variants, least=config.least,
                limit=limit, deadline=self.deadline, device=device,
            )  # fmt: skip
            if self.features is not None:
                cached_faces.locate(cache, self.features)
            if len(cache) < min(limit or cache.total, cache.total):
                return False
        return True

    def do(self, number: int, first: int = 1) -> str:
        """Do round `number`, or go on with it; returns the stage in which time ran out, or nothing.

        `first`: the first round to be done, which starts from `start`.

        Raises:
            TrainingError: what the round starts from is not there.
        """
        this, folder = self.recipe.rounds[number - 1], self.folder / f"round-{number}"
        if self.weights(number).exists():
            return ""
        torch.manual_seed(this.seed)
        whole = self._begun(number, first)
        before = {name: tensor.clone() for name, tensor in whole.state_dict().items()} if this.blend < 1 else {}
        for name, config in this.stages.items():
            checkpoint = Checkpoint(folder / name)
            if checkpoint.step < config.steps:
                torch.manual_seed(this.seed)
                whole.train().requires_grad_(True)
                if self._ground.checkpoint and isinstance(config, dry_run.Drawing) and team().device.type == "cuda":
                    said = dry_run.expected(self.recipe, config, estimate.shapes(self._ground.checkpoint))
                    print(f"Stage {name}: {said}.")
                stage = config.build(whole, self._resources)
                train(stage, config, folder / name, seed=this.seed, deadline=self.deadline)
                team().wait()
                if checkpoint.step < config.steps:
                    return name
            part, average = config.part(whole), checkpoint.average()
            part.load_state_dict({key: average[key] for key in part.state_dict()})
        if before:
            chain.blend(whole, before, this.blend)
        if team().first:
            self._pack(whole.cpu().eval(), self.weights(number))
        team().wait()
        return ""

    def weights(self, number: int) -> Path:
        """The weights file of a round."""
        return self.folder / f"round-{number}" / f"{self.recipe.codec}.safetensors"

    def _begun(self, number: int, first: int) -> Chain:
        """The chain as a round begins."""
        this, codec, resources = self.recipe.rounds[number - 1], self.recipe.codec, self._resources
        whole = chain.new(codec, self.recipe.compressor, self._prior, resources.ground)
        if number == first and self.start is not None:
            chain.take(whole, chain.read(this.start or codec, self.start, self._ground))
        elif this.start:
            raise TrainingError(f"round {number} starts from weights of {this.start}: name their file by --start")
        elif number > 1:
            before = self.weights(number - 1)
            if not before.exists():
                raise TrainingError(f"there is no {before}: do round {number - 1} first, or name weights by --start")
            chain.take(whole, chain.read(codec, before, self._ground))
        elif this.blend < 1:
            raise TrainingError(f"round {number} has a blend, but starts from nothing: name weights by --start")
        return channels_last(whole.to(resources.device))

    def _pack(self, whole: Chain, path: Path) -> None:
        """Write a weights file; FaSDiff's with nets fitted that find faces (focus) and tell portraits (auto)."""
        recipe, caches = self.recipe, self._resources.caches
        own = [cache for name, cache in caches.items() if not recipe.caches[name].others]
        others = [cache for name, cache in caches.items() if recipe.caches[name].others]
        focus = portrait = None
        if recipe.codec == "fasdiff":
            focus = focus_fit.fit(whole.codec.compressor, own[0])
            portrait = portrait_fit.fit(whole.codec.compressor, own, others[0]) if others else None
        base = self._ground.checkpoint.base if self._ground.checkpoint else None
        pictures = pack.whole_pictures(own[0], recipe.fitted)
        path.parent.mkdir(parents=True, exist_ok=True)
        replace(
            path,
            lambda p: pack.pack(
                recipe.codec, whole.codec, whole.decoder, pictures, p, recipe.stream, focus, portrait, base
            ),
        )

    @functools.cached_property
    def _ground(self) -> Ground:
        if not self.recipe.over_stable_diffusion:
            return Ground.of(None, team().device)
        if self.checkpoint is None:
            raise TrainingError("the recipe is over Stable Diffusion: name a checkpoint by --checkpoint")
        return Ground.of(self.checkpoint, team().device)

    @property
    def _prior(self) -> Prior:
        return self.recipe.steering if self.recipe.over_stable_diffusion else self.recipe.prior

    @property
    def _cache_folder(self) -> Path:
        return self.cache or self.folder / "cache"

    @functools.cached_property
    def _resources(self) -> Resources:
        caches = {
            name: LatentCache(self._cache_folder / name)
            for name, config in self.recipe.caches.items()
            if self.others or not config.others
        }
        val = self.val or self._generated("val", self.recipe.validation)
        return Resources(caches, self._ground, val, self.recipe.validation, self.features)

    def _generated(self, part: str, count: int) -> Path:
        if not self.recipe.generated:
            option = {"train": "--data", "val": "--val"}[part]
            raise TrainingError(f"{option} is needed: the recipe does not train on generated pictures")
        return generated.make(self.folder / "generated" / part, count, self.recipe.size, seed=len(part))
