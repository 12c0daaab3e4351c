"""One run of a recipe in a folder: which stage starts from which, and what each needs.

RUN/compressor/ema.pt ─┬─► control ─► joint ─► RUN/fasdiff.safetensors
RUN/prior/ema.pt ──────┘      ▲         ▲
RUN/lean/ema.pt ──────────────┴─────────┴────► RUN/lean.safetensors
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import torch
from torch import nn

from intaglio.codecs.fasdiff.compressor import Compressor
from intaglio.codecs.fasdiff.model import FaSDiff
from intaglio.errors import IntaglioError
from intaglio.latent.autoencoder import Autoencoder
from intaglio.latent.lean import LeanDecoder
from intaglio.latent.weights import channels_last, frozen
from intaglio.prior.compact import CompactPrior
from intaglio.train import cache, generated, pack
from intaglio.train.config import Recipe, StageConfig
from intaglio.train.data import Sampler, Validation
from intaglio.train.loop import Stage, train
from intaglio.train.perceptual import LPIPS
from intaglio.train.stages.compressor import CompressorStage
from intaglio.train.stages.control import ControlStage
from intaglio.train.stages.joint import JointStage
from intaglio.train.stages.lean import LeanStage
from intaglio.train.stages.prior import PriorStage

Net = TypeVar("Net", bound=nn.Module)


class TrainingError(IntaglioError):
    """Training cannot start: something that it needs was not given, or not made yet."""


@dataclass
class Run:
    """A recipe, where it runs, and what it is given."""

    recipe: Recipe
    folder: Path
    cache_folder: Path
    data: list[Path] | None
    val: Path | None
    features: Path | None
    deadline: float  # seconds since the epoch

    def do(self, name: str, limit: int | None = None) -> bool:
        """Do a stage, or go on with it; False if time ran out before its end. `limit`: rows of the cache."""
        if name == "cache":
            return self._make_cache(limit)
        if name == "export":
            return self._export()
        if name not in self.recipe.stages or self._finished(name):
            return True
        torch.manual_seed(self.recipe.seed)
        cfg = self.recipe.stages[name]
        train(self._stage(name, cfg), cfg, self.folder / name, seed=self.recipe.seed, deadline=self.deadline)
        return self._finished(name)

    def _finished(self, name: str) -> bool:
        checkpoint = self.folder / name / "checkpoint.pt"
        if not checkpoint.exists():
            return False
        step: int = torch.load(checkpoint, mmap=True, weights_only=True)["step"]
        return step >= self.recipe.stages[name].steps

    # --- What stages are made of --------------------------------------------------------------------------------

    def _stage(self, name: str, cfg: StageConfig) -> Stage:
        sampler = Sampler(self._cache, cfg, self._device)
        if name == "prior":
            return PriorStage(self._placed(CompactPrior(self.recipe.prior)), sampler, self._autoencoder)
        if name == "compressor":
            model = self._placed(Compressor(self.recipe.compressor))
            return CompressorStage(model, sampler, self._validation, self._autoencoder, self._lpips)
        if name == "lean":
            lean = self._placed(LeanDecoder.from_reference(self._autoencoder))
            return LeanStage(lean, sampler, self._validation, self._autoencoder, self._lpips)
        if name in ("control", "joint"):
            fasdiff = self._placed(self._fasdiff(name))
            decoder = frozen(self._trained(LeanDecoder(), "lean"), self._device)
            kind = ControlStage if name == "control" else JointStage
            return kind(fasdiff, sampler, self._validation, decoder, self._lpips)
        raise TrainingError(f"the recipe has a stage {name!r}, which this version does not know")

    def _fasdiff(self, before: str) -> FaSDiff:
        """FaSDiff with what was trained before a stage."""
        model = FaSDiff(self.recipe.compressor, self.recipe.prior)
        if before == "control":
            self._trained(model.compressor, "compressor")
            self._trained(model.prior, "prior")
            return model
        return self._trained(model, "control" if before == "joint" else "joint")

    def _trained(self, model: Net, name: str) -> Net:
        """The model with the averaged weights of a stage."""
        path = self.folder / name / "ema.pt"
        if not path.exists():
            raise TrainingError(f"there is no {path}: stage {name} comes first")
        model.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
        return model

    def _placed(self, model: Net) -> Net:
        return channels_last(model.to(self._device))

    # --- What all stages share, made when it is first needed ----------------------------------------------------

    @functools.cached_property
    def _device(self) -> torch.device:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")

    @functools.cached_property
    def _autoencoder(self) -> Autoencoder:
        return Autoencoder.load(self._device)

    @functools.cached_property
    def _lpips(self) -> LPIPS:
        if self.features is None:
            print("No --features: the feature networks have random weights, so all figures mean nothing.")
        return LPIPS(self.features).to(self._device)

    @functools.cached_property
    def _cache(self) -> cache.LatentCache:
        if not (self.cache_folder / "done").exists():
            raise TrainingError(f"there is no latent cache in {self.cache_folder}: stage cache comes first")
        made = cache.LatentCache(self.cache_folder)
        if made.size != self.recipe.cache.size or not len(made):
            raise TrainingError(f"{self.cache_folder} is empty, or holds another size than the recipe's")
        return made

    @functools.cached_property
    def _validation(self) -> Validation:
        folder = self.val
        if folder is None:
            folder = self._generate("val", self.recipe.validation, "--val")
        return Validation(folder, self._autoencoder, self.recipe.cache.size, self.recipe.validation)

    def _generate(self, part: str, count: int, option: str) -> Path:
        if not self.recipe.generated:
            raise TrainingError(f"{option} is needed: the recipe does not train on generated pictures")
        return generated.make(
            self.folder / "generated" / part, count, self.recipe.cache.size, self.recipe.seed + len(part)
        )

    # --- First and last stage -----------------------------------------------------------------------------------

    def _make_cache(self, limit: int | None) -> bool:
        cfg = self.recipe.cache
        data = self.data or [self._generate("train", self.recipe.generated, "--data")]
        made = cache.build(
            self.cache_folder, data, size=cfg.size, variants=cfg.variants, limit=limit, deadline=self.deadline
        )
        return len(made) >= min(limit or made.total, made.total)

    def _export(self) -> bool:
        pictures = pack.whole_pictures(self._cache, self.recipe.fitted)
        pack.pack(self._fasdiff("export"), pictures, self.folder / "fasdiff.safetensors", self.recipe.stream)
        pack.pack_lean(self._trained(LeanDecoder(), "lean"), self.folder / "lean.safetensors")
        return True
