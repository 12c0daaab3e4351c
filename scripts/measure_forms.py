"""Forms of compressor and prior, and two optimisers, each trained from nothing under one budget, then compared.

    PYTHONPATH=src python scripts/measure_forms.py VAL CONFIG --features WEIGHTS_DIR --cache CACHE [--mix CACHE]
        --start fasdiff.safetensors --out RUNS [--of compressors priors] [--steps 500 200] [--bytes 400 1000] [--limit 24]
        [--json forms.json]

Compressors: stage `compressor` by --steps's first number, the lean encoder given; judged by their base latent through
the released lean decoder, sizes and distances between the qualities looked at by interpolation (logarithm of bytes).
Priors: what steers and the prior by --steps's second number of steps of stage `joint`, the released compressor and
lean decoder frozen; judged on the same files. The identity's distance is 1 less the cosine to the original's vector of
the recogniser that training knows. Differences are to the form in use, paired by picture, with bootstrap intervals (95 %).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import forms
import measuring
import numpy as np
import torch
from measure_ablation import Files, Judge, Variant
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from intaglio.codecs.enhancement import Enhancement
from intaglio.compressor.compressor import Compressor, CompressorConfig
from intaglio.networks import packets
from intaglio.pipeline.latent_codec import LatentCodec
from intaglio.priors.unet import CompactPrior, PriorConfig
from intaglio.train import recipe as config
from intaglio.train.loop import Optimise, adam, train
from intaglio.train.recipe import StageConfig
from intaglio.train.run import Run

QUALITIES = range(0, 161, 16)  # indices at which a compressor is looked at


@dataclass(frozen=True)
class Form:
    """What is tried."""

    make: Callable[[], nn.Module]
    optimise: Optimise = adam


COMPRESSORS = {
    "y at 1/16, 96 channels (in use)": Form(lambda: Compressor(CompressorConfig())),
    "the same, Muon": Form(lambda: Compressor(CompressorConfig()), forms.Muon),
    "y at 1/16, 192 channels": Form(lambda: Compressor(CompressorConfig(y=192))),
    "y at 1/32, 384 channels": Form(lambda: forms.CoarseCompressor(CompressorConfig())),
}
PRIORS = {
    "convolutional U-Net (in use)": Form(lambda: CompactPrior(PriorConfig())),
    "the same, Muon": Form(lambda: CompactPrior(PriorConfig()), forms.Muon),
    "transformer on 2x2 patches": Form(lambda: forms.TransformerPrior(PriorConfig())),
    "hybrid": Form(lambda: forms.HybridPrior(PriorConfig())),
}


class Trial:
    """One budget, one judge, and what was found."""

    def __init__(self, options: Any) -> None:
        self.options, self.recipe = options, config.load(options.config)
        self.run = Run(self.recipe, options.out, options.cache, None, options.pictures, options.features,
                       options.mix, None, options.start, math.inf)  # fmt: skip
        self.codec = LatentCodec("fasdiff", options.start, device="cpu")
        self.rgbs = measuring.load_pictures(options.pictures, options.size, options.limit or 24)
        self.judge = Judge(options.features, self.rgbs)
        self.first: dict[str, dict[str, list[float]]] = {}
        self.tables: dict[str, list[dict[str, Any]]] = {}

    def add(self, title: str, row: dict[str, Any], found: dict[str, list[float]]) -> None:
        """Measures, picture by picture, of a form to the table of that title, beside those of its first row."""
        first = self.first.setdefault(title, found)
        for key in ("LPIPS-VGG", "identity"):
            row = row | {key: float(np.mean(found[key]))}
            row[f"{key} less the first's"] = measuring.paired(found[key], first[key])
        self.tables.setdefault(title, []).append(row)

    def train(self, stage: Any, cfg: StageConfig, name: str, optimise: Optimise) -> nn.Module:
        """The stage's averaged networks, no pictures of it looked at on the way."""
        stage.validate = lambda model: ({}, measuring.Image.new("RGB", (8, 8)))
        folder = self.options.out / f"{stage.name} {name}".replace(" ", "-").replace("/", "-")
        return train(stage, cfg, folder, seed=self.recipe.seed, optimise=optimise)

    # --- Compressors ------------------------------------------------------------------------------------------------

    def compressor(self, name: str, form: Form) -> None:
        torch.manual_seed(self.recipe.seed)
        steps = self.options.steps[0]
        cfg = StageConfig(steps, lr=5e-4, warmup=50, ema=0.99, validate=steps)
        recipe = replace(self.recipe, stages={"compressor": cfg})
        stage: Any = replace(self.run, recipe=recipe)._stage("compressor", cfg)
        net: Any = self.run._placed(form.make())
        net.analysis.encoder.load_state_dict(stage.model.analysis.encoder.state_dict())
        stage.model = net
        model: Any = self.train(stage, cfg, name, form.optimise)
        found = [self._looked_at(model, index) for index in QUALITIES]
        about = {"form": name} | costs(net, lambda: _once(net))
        for limit in self.options.bytes:
            at = {key: [_between(limit, [(r["bytes"][i], r[key][i]) for r in found]) for i in range(len(found[0][key]))]
                  for key in ("LPIPS-VGG", "identity")}  # fmt: skip
            self.add(f"Compressors, {steps} steps, {limit} bytes", about, at)

    @torch.inference_mode()
    def _looked_at(self, model: Any, index: int) -> dict[str, list[float]]:
        """Bytes and distances of the base latents, decoded; of the pictures that have a face."""
        pictures, sizes = [], []
        q = torch.tensor([index / 255])
        for rgb in self.rgbs:
            x = measuring.tensor(rgb)
            with torch.autocast("cpu", self.codec.dtype, enabled=self.codec.dtype != torch.float32):
                _, prompt, bits = model.eval()(None, packets.analyse(x - 0.5), q)
                assert self.codec.lean is not None
                pictures.append(self.codec.lean(prompt.latent.float()).float().clamp(0, 1))
            sizes.append(float(torch.stack(list(bits.values())).sum()) / 8)
        found = self.judge(pictures)
        faces = [points is not None for points in self.judge.points]
        kept = {k: [v for v, face in zip(found[k], faces) if face] if len(found[k]) == len(faces) else found[k]
                for k in ("LPIPS-VGG", "identity")}  # fmt: skip
        return kept | {"bytes": [size for size, face in zip(sizes, faces) if face]}

    # --- Priors -----------------------------------------------------------------------------------------------------

    def prior(self, name: str, form: Form, files: dict[int, Files]) -> None:
        torch.manual_seed(self.recipe.seed)
        steps = self.options.steps[1]
        cfg = replace(self.recipe.stages["joint"], steps=steps, end_to_end=False, lean=False, lr=4e-4, warmup=20,
                      ema=0.98, validate=steps)  # fmt: skip
        stage: Any = self.run._stage("joint", cfg)
        stage.codec.enhancement = self.run._placed(Enhancement(self.recipe.compressor, self.recipe.prior))
        stage.codec.prior = self.run._placed(form.make())
        average: Any = self.train(stage, cfg, name, form.optimise)
        model = average.codec
        z, sigma = torch.randn(1, 32, 32, 32), torch.ones(1)
        about = {"form": name} | costs(model.prior, lambda: model.prior(z, sigma))
        for limit, coded in files.items():
            for count in (1, 4):
                pictures, _ = coded.shown(model, average.decoder, Variant(steps=(count,)))
                title = f"Priors, {steps} steps, at most {limit} bytes, drawn in {count}"
                self.add(title, about, self.judge(pictures))


def _once(net: Any) -> None:
    """A compressor's networks on a picture of 256x256, entropy models left out."""
    coded = net.analysis(torch.zeros(1, packets.CHANNELS, 32, 32))
    net.synthesis(coded, torch.zeros(1))


def costs(net: nn.Module, once: Callable[[], object]) -> dict[str, float]:
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        once()
    return {"million parameters": sum(p.numel() for p in net.parameters()) / 1e6,
            "GFLOP at 256x256": counter.get_total_flops() / 1e9}  # fmt: skip


def _between(limit: float, curve: Sequence[tuple[float, float]]) -> float:
    """What a curve of (bytes, distance) has at `limit` bytes; its ends beyond them."""
    size, value = zip(*sorted(curve))
    return float(np.interp(math.log(limit), np.log(size), value))


def main() -> None:
    parser = measuring.training_parser(__doc__)
    parser.add_argument("--of", nargs="+", choices=("compressors", "priors"), default=["compressors", "priors"])
    parser.add_argument("--steps", type=int, nargs=2, default=[500, 200], help="of training: compressors, priors")
    parser.add_argument("--bytes", type=int, nargs="+", default=[400, 1000])
    trial = Trial(parser.parse_args())
    if "compressors" in trial.options.of:
        for name, form in COMPRESSORS.items():
            trial.compressor(name, form)
    if "priors" in trial.options.of:
        files = {limit: Files(trial.codec, trial.rgbs, limit) for limit in trial.options.bytes}
        for name, form in PRIORS.items():
            trial.prior(name, form, files)
    measuring.report(trial.codec, trial.tables, trial.options.json)


if __name__ == "__main__":
    main()
