"""What each part of a codec's decoder is worth: each variant trained on for as many steps, then drawn from the same files.

    PYTHONPATH=src python scripts/measure_ablation.py VAL CONFIG --features WEIGHTS_DIR --cache CACHE [--mix CACHE]
        --start CODEC.safetensors --out RUNS [--steps 200] [--bytes 400 1000] [--limit 24] [--metrics JUDGE/metrics.py]
        [--json ablation.json]

CONFIG is a recipe with a stage `joint` (configs/CODEC-further.toml); CACHE a latent cache of training pictures. The compressor
is frozen, so that all variants draw from files of equal bytes; guidance, prior and lean decoder are trained along from
the released weights, under the same losses, rate of learning and batches. Differences are to the whole codec, paired by
picture, with bootstrap intervals (95 %): positive where the variant is worse. The identity's distance is 1 less the cosine
to the original's vector, of the recogniser that training knows, where a face is found. --metrics: a Python file with
`pooled`, for the kernel distance of the set.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import measuring
import numpy as np
import torch
from rich.progress import track

from intaglio.compressor.base_picture import base_picture
from intaglio.compressor.compressor import Coded, Prompt
from intaglio.entropy.stream import grid
from intaglio.faces.landmarks68 import Landmarks
from intaglio.faces.recogniser import Identity
from intaglio.image import enlarge
from intaglio.measures.kernel_distance import kernel_distance
from intaglio.measures.lpips_net import LPIPS
from intaglio.pipeline.latent_codec import LatentCodec
from intaglio.priors.noise import field
from intaglio.priors.unet import Control
from intaglio.train import recipe as config
from intaglio.train.cached_faces import plausible
from intaglio.train.loop import train
from intaglio.train.run import Run

Steer = Callable[[Any, Coded, Prompt, torch.Tensor], Control]


def full(model: Any, coded: Coded, prompt: Prompt, q: torch.Tensor) -> Control:
    return model.control(coded, prompt, q)


def without_branch(model: Any, coded: Coded, prompt: Prompt, q: torch.Tensor) -> Control:
    """CGDM: no features of the base at any level; the denoiser's own as they are."""
    control = full(model, coded, prompt, q)
    return replace(control, maps=[m * 0 for m in control.maps], scales=[s * 0 for s in control.scales])


def fixed_gates(model: Any, coded: Coded, prompt: Prompt, q: torch.Tensor) -> Control:
    """CGDM: the same gates for every picture."""
    return full(model, replace(coded, vector=torch.zeros_like(coded.vector)), prompt, q)


def without_prompt_maps(model: Any, coded: Coded, prompt: Prompt, q: torch.Tensor) -> Control:
    """FaSDiff: the compressor's high-frequency features and packets steer nothing; the base latent stays the start."""
    blank = replace(prompt, fine=prompt.fine * 0, coarse=prompt.coarse * 0, packets=prompt.packets * 0)
    return full(model, coded, blank, q)


def without_low(model: Any, coded: Coded, prompt: Prompt, q: torch.Tensor) -> Control:
    """FaSDiff: no low-frequency enhancement of the denoiser."""
    return full(model, replace(coded, lf=torch.zeros_like(coded.lf)), prompt, q)


@dataclass(frozen=True)
class Variant:
    """What is left out."""

    steer: Steer = full
    steps: Sequence[int] = (1, 2, 4)  # trained with these in turns, measured at the most; (): the base latent decoded
    identity: bool = True
    prior: bool = True  # trained along
    picture: bool = True  # False: the base picture, which nothing is trained for


VARIANTS = {
    "cgdm": {
        "whole": Variant(),
        "gates the same for all pictures": Variant(fixed_gates),
        "no branch": Variant(without_branch),
        "no branch, one step (a deterministic refiner)": Variant(without_branch, (1,)),
        "base latent decoded": Variant(steps=()),
        "base picture": Variant(picture=False),
    },
    "fasdiff": {
        "whole": Variant(),
        "one step (a deterministic refiner)": Variant(steps=(1,)),
        "no high-frequency prompt": Variant(without_prompt_maps),
        "no low-frequency enhancement": Variant(without_low),
        "no identity loss": Variant(identity=False),
        "prior frozen": Variant(prior=False),
        "base latent decoded": Variant(steps=()),
        "base picture (realism 0)": Variant(picture=False),
    },
}


def drawn(model: Any, variant: Variant, coded: Coded, prompt: Prompt, q: torch.Tensor, steps: int, noise: torch.Tensor):  # type: ignore[no-untyped-def]
    """Latents that a variant draws."""
    if not variant.steps:
        return prompt.latent.float()
    return model.draw(variant.steer(model, coded, prompt, q), q, steps, noise)


def trained(run: Run, variant: Variant, name: str, options: Any) -> Any:
    """(codec's networks, lean decoder), trained on as the variant."""
    cfg = replace(run.recipe.stages["joint"], steps=options.steps, end_to_end=False, warmup=20, validate=options.steps)
    stage: Any = run._stage("joint", cfg)
    if not variant.prior:
        stage.codec.prior.requires_grad_(False)
    if not variant.identity:
        stage.sampler.people = [np.zeros((0, 512), np.float32)] * len(stage.sampler.people)
        stage.sampler.landmarks = [np.zeros((0, 68, 2), np.float32)] * len(stage.sampler.landmarks)

    def draw(batch: Any, coded: Coded, prompt: Prompt) -> tuple[torch.Tensor, torch.Tensor]:
        steps = batch.steps if batch.steps in variant.steps else max(variant.steps, default=0)
        z = drawn(stage.codec, variant, coded, prompt, batch.q, steps, torch.randn_like(batch.z))
        return z, stage.codec.hold(stage.decoder(z).float(), prompt)

    stage.draw = draw
    stage.validate = lambda model: ({}, measuring.Image.new("RGB", (8, 8)))
    average: Any = train(stage, cfg, options.out / name.replace(" ", "-"), seed=run.recipe.seed)
    return average.codec, average.decoder


class Judge:
    """Distances of drawn pictures to originals, picture by picture."""

    def __init__(self, features: Path, rgbs: Sequence[measuring.Rgb]) -> None:
        self.lpips, self.recogniser, landmarks = LPIPS(features), Identity(features), Landmarks(features)
        self.originals = [measuring.tensor(rgb) for rgb in rgbs]
        points = [landmarks(x) for x in self.originals]
        self.points = [p if bool(plausible(p, min(x.shape[2:]))) else None for p, x in zip(points, self.originals)]

    @torch.inference_mode()
    def __call__(self, pictures: Sequence[torch.Tensor]) -> dict[str, list[float]]:
        out: dict[str, list[float]] = {"LPIPS-VGG": [], "PSNR": [], "identity": []}
        for x, y, points in zip(self.originals, pictures, self.points):
            out["LPIPS-VGG"].append(float(self.lpips(x, y)))
            out["PSNR"].append(float(-10 * (x - y).square().mean().log10()))
            if points is not None:
                out["identity"].append(float(self.recogniser(x, y, points)))
        return {k: v for k, v in out.items() if v}


class Files:
    """Validation pictures as files of a released codec."""

    def __init__(self, codec: LatentCodec, rgbs: Sequence[measuring.Rgb], limit: int) -> None:
        self.codec, self.rgbs = codec, rgbs
        self.results = [codec.compress(codec.features(rgb), None, limit) for rgb in track(rgbs, f"{limit} bytes")]

    @torch.inference_mode()
    def shown(self, model: Any, decoder: Any, variant: Variant) -> tuple[list[torch.Tensor], float]:
        """Pictures (1, 3, H, W) of a variant, and seconds a picture from the prompt on."""
        out, seconds, steps = [], 0.0, max(variant.steps, default=0)
        for rgb, result in zip(self.rgbs, self.results):
            gh, gw = grid(*rgb.shape[:2], result.scale)
            values = self.codec.stream.decode(result.payload, result.quality, gh, gw).floats()
            coded = Coded(**{k: torch.from_numpy(v)[None] for k, v in values.items()})
            q = torch.tensor([result.quality / 255])
            with torch.autocast("cpu", self.codec.dtype, enabled=self.codec.dtype != torch.float32):
                prompt = model.compressor.synthesis(coded, q)
                begun = time.perf_counter()
                if variant.picture:
                    z = drawn(model, variant, coded, prompt, q, steps, field(0, 0, 32, 4 * gh, 4 * gw))
                    x = model.hold(decoder(z.float()).float(), prompt)
                else:
                    x = base_picture(prompt)
                seconds += time.perf_counter() - begun
            rows, columns = (-(-side // (1 << result.scale)) for side in rgb.shape[:2])
            levels = (x[0, :, :rows, :columns].float().clamp(0, 1) * 255).round().to(torch.uint8)
            out.append(measuring.tensor(enlarge(levels.permute(1, 2, 0).numpy(), rgb.shape[:2])))
        return out, seconds / len(out)


def main() -> None:
    parser = measuring.training_parser(__doc__)
    parser.add_argument("--steps", type=int, default=200, help="of training, each variant")
    parser.add_argument("--bytes", type=int, nargs="+", default=[400, 1000], help="limits of the payloads")
    parser.add_argument("--metrics", type=Path, help="Python file with pooled")
    options = parser.parse_args()
    recipe = config.load(options.config)
    run = Run(recipe, options.out, options.cache, None, options.pictures, options.features, options.mix, None, options.start,
              math.inf)  # fmt: skip
    codec = LatentCodec(recipe.codec, options.start, device="cpu")
    rgbs = measuring.load_pictures(options.pictures, options.size, options.limit or 24)
    files = {limit: Files(codec, rgbs, limit) for limit in options.bytes}
    judge, metrics = Judge(options.features, rgbs), measuring.load_module(options.metrics) if options.metrics else None
    originals = np.stack([metrics.pooled([measuring.tensor(rgb)])[0] for rgb in rgbs]) if metrics else None
    tables: dict[str, list[dict[str, Any]]] = {}
    first: dict[int, dict[str, list[float]]] = {}
    for name, variant in VARIANTS[recipe.codec].items():
        model, decoder = trained(run, variant, name if variant.picture else "whole", options)
        for limit, coded in files.items():
            pictures, seconds = coded.shown(model, decoder, variant)
            found = judge(pictures)
            whole = first.setdefault(limit, found)
            row: dict[str, Any] = {"variant": name} | {k: float(np.mean(v)) for k, v in found.items()}
            row["LPIPS-VGG less the whole's"] = measuring.paired(found["LPIPS-VGG"], whole["LPIPS-VGG"])
            row["PSNR of the whole less its"] = measuring.paired(whole["PSNR"], found["PSNR"])
            if "identity" in found:
                row["identity less the whole's"] = measuring.paired(found["identity"], whole["identity"])
            if metrics is not None:
                pooled = np.stack([metrics.pooled([y])[0] for y in pictures])
                row["kernel distance"] = kernel_distance(originals, pooled)
            mean = np.mean([len(result.payload) for result in coded.results])
            tables.setdefault(f"At most {limit} bytes of payload ({mean:.0f})", []).append(row | {"seconds": seconds})
    measuring.report(codec, tables, options.json)


if __name__ == "__main__":
    main()
