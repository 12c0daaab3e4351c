"""One run of a recipe in a folder: which stage starts from which, and what each needs.

RUN/compressor/ema.pt ─┬─► control ─► joint ─► RUN/CODEC.safetensors
RUN/prior/ema.pt ──────┘      ▲         ▲
RUN/lean/ema.pt ──────────────┴─────────┴────────────┘  (joint holds the lean decoder too)

A stage that the recipe leaves out is taken from the run that this one starts from (`start`), and so are the first
weights of compressor and control, or of joint where there is no control, as far as names and shapes agree. That run
may also be a codec's weights file: the released ones, for one.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import nn

from intaglio.codecs import CODECS
from intaglio.errors import IntaglioError
from intaglio.faces.recogniser import Identity
from intaglio.measures.lpips import LPIPS
from intaglio.measures.mobilenet import MobileNet
from intaglio.networks.layout import channels_last, frozen
from intaglio.pipeline.model import lean_decoder_of
from intaglio.priors.unet import CompactPrior
from intaglio.spaces.lean_decoder import LeanDecoder
from intaglio.spaces.lean_encoder import LeanEncoder
from intaglio.spaces.taef2 import Autoencoder
from intaglio.train import cached_faces as faces
from intaglio.train import focus_fit as focus
from intaglio.train import generated, pack, unpack
from intaglio.train import latent_cache as cache
from intaglio.train import portrait_fit as choice
from intaglio.train.batches import Sampler, Validation
from intaglio.train.loop import Stage, train
from intaglio.train.recipe import Recipe, StageConfig
from intaglio.train.stages.compressor_stage import CompressorStage
from intaglio.train.stages.control_stage import ControlStage
from intaglio.train.stages.encoder_stage import EncoderStage
from intaglio.train.stages.joint_stage import JointStage
from intaglio.train.stages.lean_stage import LeanStage
from intaglio.train.stages.prior_stage import PriorStage
from intaglio.weights import codec_file as weights

Net = TypeVar("Net", bound=nn.Module)
State = dict[str, torch.Tensor]


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
    mix: Path | None  # a further latent cache, a stage's `mix` of the pictures
    others: Path | None  # a latent cache of pictures that are no portraits, for what fasdiff's file lends to auto
    start: Path | None  # the folder of a finished run, of either codec, or a weights file of this one
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
        sampler = self._sampler(cfg)
        if name == "prior":
            return PriorStage(self._placed(CompactPrior(self.recipe.prior)), sampler, self._autoencoder)
        if name == "compressor":
            compressor = self._placed(self._begun(self._new().compressor, "compressor"))
            if "encoder" in self.recipe.stages:
                compressor.analysis.encoder.load_state_dict(self._averaged(self.folder, "encoder"))
            return CompressorStage(
                compressor, sampler, self._validation, self._autoencoder, self._lpips, self._identity
            )
        if name == "encoder":
            encoder = self._placed(
                self._begun(LeanEncoder(self.recipe.compressor.encoder, self.recipe.compressor.latent), "encoder")
            )
            return EncoderStage(encoder, sampler, self._validation, self._autoencoder)
        if name == "lean":
            lean = self._placed(self._begun(LeanDecoder.from_reference(self._autoencoder), "lean"))
            return LeanStage(lean, sampler, self._validation, self._autoencoder, self._lpips)
        if name in ("control", "joint"):
            model = self._placed(self._model(name))
            decoder = frozen(self._trained(LeanDecoder(), "lean"), self._device)
            if name == "control":
                return ControlStage(model, sampler, self._validation, decoder, self._lpips)
            mobile = MobileNet(self.features).to(self._device) if cfg.features or cfg.adversarial else None
            return JointStage(model, sampler, self._validation, decoder, self._lpips, self._identity, mobile)
        raise TrainingError(f"the recipe has a stage {name!r}, which this version does not know")

    def _sampler(self, cfg: StageConfig) -> Sampler:
        caches, share = [self._cache], cfg.mix
        if self.mix is not None:
            caches.append(cache.LatentCache(self.mix))
        return Sampler(caches, [1 - share, share][: len(caches)], cfg, self._device)

    def _new(self) -> Any:
        return CODECS[self.recipe.codec].load()(self.recipe.compressor, self.recipe.prior, trained=True)

    def _model(self, before: str) -> Any:
        """The codec's networks with what was trained before a stage."""
        model = self._new()
        if before == "joint" and "control" not in self.recipe.stages and self.start is not None:
            return self._begun(model, "joint")
        if before != "control":
            return self._trained(model, "control" if before == "joint" else "joint")
        if "prior" in self.recipe.stages or self.start is None:
            self._trained(model.prior, "prior")
        else:
            self._begun(model, "joint")
        self._trained(model.compressor, "compressor")
        return model

    def _trained(self, model: Net, name: str) -> Net:
        """The model with the averaged weights of a stage."""
        if name in self.recipe.stages or self.start is None:
            model.load_state_dict(self._averaged(self.folder, name))
        else:
            model.load_state_dict(self._given(name))
        return model

    def _averaged(self, folder: Path, name: str) -> State:
        """The averaged weights that a stage left in a run's folder; of joint, the codec's."""
        joint = name == "lean" and (folder / "joint" / "ema.pt").exists()
        path = folder / ("joint" if joint else name) / "ema.pt"
        if not path.exists():
            raise TrainingError(f"there is no {path}: stage {name} comes first")
        state: State = torch.load(path, map_location="cpu", weights_only=True)
        part = "decoder." if joint else "codec." if name == "joint" else ""
        return {key.removeprefix(part): tensor for key, tensor in state.items() if key.startswith(part)}

    def _given(self, name: str) -> State:
        """A stage's weights of the run that this one starts from."""
        assert self.start is not None
        if not self.start.is_file():
            return self._averaged(self.start, name)
        given = weights.read(self.recipe.codec, self.start)
        if name == "lean":
            return lean_decoder_of(given).state_dict()
        state = unpack.unpack(given).state_dict()
        part = "" if name in ("control", "joint") else f"{name}."
        return {key.removeprefix(part): tensor for key, tensor in state.items() if key.startswith(part)}

    def _begun(self, model: Net, name: str) -> Net:
        """The model with what fits of a stage of the run that this one starts from."""
        if self.start is None:
            return model
        own = model.state_dict()
        for key, tensor in self._given(name).items():
            key = key.replace("enhancement.", "fusion.") if self.recipe.codec == "cgdm" else key
            if key in own and own[key].shape == tensor.shape:
                own[key] = tensor
        model.load_state_dict(own)
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
    def _identity(self) -> Identity:
        return Identity(self.features).to(self._device)

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
            self.cache_folder, data, size=cfg.size, variants=cfg.variants, least=cfg.least, limit=limit,
            deadline=self.deadline,
        )  # fmt: skip
        if self.features is not None:
            faces.find(made, self.features)
        return len(made) >= min(limit or made.total, made.total)

    def _export(self) -> bool:
        pictures = pack.whole_pictures(self._cache, self.recipe.fitted)
        path = self.folder / f"{self.recipe.codec}.safetensors"
        lean = LeanDecoder()
        lean.load_state_dict(self._averaged(self.folder, "lean"))
        model = self._model("export")
        joint = self.recipe.stages.get("joint")
        if joint is not None and joint.blend < 1:
            for net, name in ((model, "joint"), (lean, "lean")):
                self._blend(net, name, joint.blend)
        finder = told = None
        if self.recipe.codec == "fasdiff":
            finder = focus.fit(model.compressor.eval(), self._cache)
            if self.others is not None:
                portraits = [self._cache, *([] if self.mix is None else [cache.LatentCache(self.mix)])]
                told = choice.fit(model.compressor, portraits, cache.LatentCache(self.others))
        pack.pack(self.recipe.codec, model, lean, pictures, path, self.recipe.stream, finder, told)
        return True

    def _blend(self, net: nn.Module, name: str, share: float) -> None:
        """Move the weights towards those that the run started from (Wortsman et al. 2022, weight-space ensembles)."""
        before = self._given(name)
        with torch.no_grad():
            for key, own in net.state_dict().items():
                if own.is_floating_point():
                    own.copy_(torch.lerp(before[key].to(own), own, share))
