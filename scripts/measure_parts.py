"""Nothing is decoration: what each part of FaSDiff adds, on faces at 400 bytes, with paired bootstrap intervals (95 %).

    PYTHONPATH=src python scripts/measure_parts.py VAL_FACES --features WEIGHTS_DIR [--metrics JUDGE/metrics.py]
        [--json parts.json] [--samples samples.png]

--features holds vgg16_features, lpips_lin_v0_1, mobilefacenet512_* and landmark68_* (.safetensors); without it the
networks are random and the figures mean nothing. --metrics is a Python file with `features`, `compare`, `face_box` and
`identity` (LPIPS-AlexNet, kernel distance, and identity by another recogniser). --samples: faces that the prior draws
without a file.

Every variant is drawn from the decoded tensors of the same file, at seed 0 unless said. The low band of a picture is its
8x8 means, smoothly interpolated, as in the codec's low-frequency consistency.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import measuring
import numpy as np
import torch
import torch.nn.functional as F
from measuring import bootstrap, gain, paired
from numpy.typing import NDArray
from PIL import Image
from rich.progress import track

from intaglio.compressor.base_picture import base_picture, hold_low_band
from intaglio.compressor.compressor import Coded
from intaglio.entropy.stream import grid
from intaglio.faces.landmarks68 import Landmarks
from intaglio.faces.recogniser import Identity
from intaglio.image import enlarge
from intaglio.measures.kernel_distance import estimate, pairs
from intaglio.measures.lpips_net import LPIPS
from intaglio.pipeline.latent_codec import LatentCodec, Result
from intaglio.priors.noise import field
from intaglio.train.contact_sheet import sheet
from intaglio.train.stages.prior_stage import draw

REFERENCE = "4 steps, reference decoder"  # the autoencoder's own in place of the lean one
REFERENCE_GAIN = 0.01  # of LPIPS-AlexNet and of identity by which it may be better
LATENT_GAIN = 4.0  # percent of LPIPS-VGG by which 4 steps must beat the decoded base latent
SEED_RMS, SEED_IDENTITY = 1.5, 0.3  # levels of 255 at least; identity distance at most
Shown = dict[str, torch.Tensor]  # variant to picture (1, 3, H, W) in 0..1


def low_band(x: torch.Tensor) -> torch.Tensor:
    """(B, 3, H, W) to the part of it that 8x8 means carry."""
    return F.interpolate(F.avg_pool2d(x, 8), scale_factor=8, mode="bilinear")


class Drawer:
    """Pictures out of decoded tensors, as the codec draws them, and with parts changed."""

    def __init__(self, codec: LatentCodec, size: int) -> None:
        self.codec, self.size = codec, size

    def coded(self, result: Result) -> Coded:
        gh, gw = grid(self.size, self.size, result.scale)
        values = self.codec.stream.decode(result.payload, result.quality, gh, gw).floats()
        to = (self.codec.device, self.codec.dtype)
        return Coded(**{name: torch.from_numpy(v).to(*to)[None] for name, v in values.items()})

    @torch.inference_mode()
    def __call__(self, coded: Coded, result: Result, variants: dict[str, tuple[int, int]]) -> Shown:
        """Steps and seed of each variant; 0 steps: the base picture, -1: the base latent without the denoiser."""
        codec, out = self.codec, {}
        q = torch.tensor([result.quality / 255], device=codec.device)
        with torch.autocast(codec.device.type, codec.dtype, enabled=codec.dtype != torch.float32):
            prompt = codec.model.compressor.synthesis(coded, q)
            control = codec.model.control(coded, prompt, q)
            for name, (steps, seed) in variants.items():
                if steps == 0:
                    x = base_picture(prompt)
                else:
                    z = prompt.latent.float()
                    if steps > 0:
                        z = codec.model.draw(control, q, steps, field(seed, 0, *z.shape[1:]).to(z.device))
                    x = codec.autoencoder.decode(z.float(), clamp=False) if name == REFERENCE else codec._decode(z)
                    x = hold_low_band(x.float(), prompt)
                out[name] = self.finish(x, result.scale)
        return out

    def finish(self, x: torch.Tensor, scale: int) -> torch.Tensor:
        """Rounded to the 256 levels of a file and enlarged to the display size."""
        side = -(-self.size // (1 << scale))
        pixels = (x[0, :, :side, :side].float().clamp(0, 1) * 255).round().byte().permute(1, 2, 0).cpu().numpy()
        return measuring.tensor(enlarge(pixels, (self.size, self.size)))


@torch.inference_mode()
def samples(codec: LatentCodec, size: int) -> Image.Image:
    """Eight faces that the prior draws without a file."""
    with torch.autocast(codec.device.type, codec.dtype, enabled=codec.dtype != torch.float32):
        z = draw(codec.model.prior, 8, size // 8, device=codec.device)
        drawn = torch.cat([codec.autoencoder.decode(one) for one in z.split(1)]).float()
    return sheet([drawn[:4], drawn[4:]])


VARIANTS = {"1 step": (1, 0), "2 steps": (2, 0), "4 steps": (4, 0), "4 steps, seed 1": (4, 1), "realism 0": (0, 0),
            "base latent": (-1, 0), REFERENCE: (4, 0)}  # fmt: skip
ALEX, OTHER = "LPIPS-AlexNet", "identity, metrics file"  # by the metrics file


def verdicts(rows: dict[str, dict[str, list[float]]], seeds: dict[str, list[float]]) -> list[dict[str, Any]]:
    """Each claim with its figure, its interval and whether it holds; `rows` is measure to variant to pictures."""
    lpips, low = rows["LPIPS-VGG"], rows["low band error"]
    out = []

    def claim(name: str, found: measuring.Interval, bar: str, held: bool) -> None:
        out.append({"claim": name, "found": found, "bar": bar, "held": held})

    found = paired(lpips["1 step"], lpips["4 steps"])
    claim("LPIPS-VGG of 1 step less that of 4", found, "> 0, or kernel distance", found[1] > 0)
    found = gain(lpips["4 steps"], lpips["base latent"])
    held = found[0] >= LATENT_GAIN and found[1] > 0
    claim("LPIPS-VGG, 4 steps below the base latent, %", found, f">= {LATENT_GAIN}, interval above 0", held)
    found = bootstrap([seeds["RMS"]])
    claim("RMS between two seeds above the low band, levels", found, f">= {SEED_RMS}", found[0] >= SEED_RMS)
    for name in [n for n in seeds if n != "RMS"]:
        found = bootstrap([seeds[name]])
        claim(f"between two seeds: {name}", found, f"<= {SEED_IDENTITY}", found[0] <= SEED_IDENTITY)
    found = paired(low["low part zeroed"], low["4 steps"])
    claim("low band error added with the spatial part zeroed, levels", found, "> 0", found[1] > 0)
    for name in (n for n in (ALEX, OTHER) if n in rows):
        found = paired(rows[name]["4 steps"], rows[name][REFERENCE])
        claim(f"{name}, lean decoder less reference", found, f"<= {REFERENCE_GAIN}", found[0] <= REFERENCE_GAIN)
    return out


class Measures:
    """The measures of variants, picture by picture."""

    def __init__(self, features: Path | None, metrics: ModuleType | None) -> None:
        self.lpips, self.recogniser, self.landmarks = LPIPS(features), Identity(features), Landmarks(features)
        self.metrics = metrics
        self.rows: dict[str, dict[str, list[float]]] = {}  # measure to variant to pictures
        self.seeds: dict[str, list[float]] = {}  # between the two seeds
        self.pooled: dict[str, list[NDArray[np.float64]]] = {}  # variant to features for the kernel distance

    @torch.inference_mode()
    def add(self, rgb: measuring.Rgb, shown: Shown) -> None:
        x = measuring.tensor(rgb)
        points, features = self.landmarks(x), self.lpips.features(x)
        face, faces = self.recogniser.embed(x, points), {}
        for name, y in shown.items():
            faces[name] = self.recogniser.embed(y, points)
            found = {
                "LPIPS-VGG": self.lpips.distance(features, self.lpips.features(y)),
                "PSNR": -10 * (y - x).square().mean().clamp(min=1e-10).log10(),
                "identity cosine": (face * faces[name]).sum(),
                "low band error": (low_band(y) - low_band(x)).square().mean().sqrt() * 255,
            }
            for key, value in found.items():
                self.rows.setdefault(key, {}).setdefault(name, []).append(float(value))
        pair = ("4 steps", "4 steps, seed 1")
        difference = shown[pair[0]] - shown[pair[1]]
        rms = (difference - low_band(difference)).square().mean().sqrt() * 255
        self.seeds.setdefault("RMS", []).append(float(rms))
        self.seeds.setdefault("1 - identity cosine", []).append(float(1 - (faces[pair[0]] * faces[pair[1]]).sum()))
        if self.metrics is not None:
            self._add_other(rgb, shown, pair)

    def _add_other(self, rgb: measuring.Rgb, shown: Shown, pair: tuple[str, str]) -> None:
        """What the metrics file measures."""
        metrics: Any = self.metrics
        wanted, box = metrics.features(measuring.tensor(rgb)), metrics.face_box(rgb)
        self.pooled.setdefault("original", []).append(wanted["pooled"][0])
        drawn = {n: (y[0] * 255).round().byte().permute(1, 2, 0).contiguous().numpy() for n, y in shown.items()}
        for name, y in shown.items():
            found = metrics.features(y)
            self.pooled.setdefault(name, []).append(found["pooled"][0])
            self.rows.setdefault(ALEX, {}).setdefault(name, []).append(metrics.compare(wanted, found)["lpips"])
            if box is not None:
                distance = metrics.identity(rgb, drawn[name], box)
                self.rows.setdefault(OTHER, {}).setdefault(name, []).append(distance)
        if box is not None:
            self.seeds.setdefault(OTHER, []).append(metrics.identity(*(drawn[n] for n in pair), box))

    def tables(self) -> dict[str, list[dict[str, Any]]]:
        means: list[dict[str, Any]] = [
            {"variant": name} | {key: bootstrap([self.rows[key][name]]) for key in self.rows}
            for name in self.rows["PSNR"]
        ]
        claims = verdicts(self.rows, self.seeds)
        if self.pooled:
            originals = np.stack(self.pooled.pop("original"))
            added = {name: pairs(originals, np.stack(v)) for name, v in self.pooled.items()}
            for mean in means:
                mean["kernel distance"] = estimate(added[mean["variant"]], np.ones(len(originals)))

            def better(chosen: NDArray[np.float64]) -> float:
                weights = np.bincount(chosen.astype(np.int64), minlength=len(originals)).astype(np.float64)
                one, four = (estimate(added[name], weights) for name in ("1 step", "4 steps"))
                return one - four

            found = bootstrap([np.arange(len(originals))], better)
            name, bar = "kernel distance of 1 step less that of 4", "> 0, or LPIPS-VGG"
            claims.insert(1, {"claim": name, "found": found, "bar": bar, "held": found[1] > 0})
        return {"Variants (mean over pictures)": means, "Claims": claims}


def main() -> None:
    parser = measuring.parser(__doc__)
    parser.add_argument("--features", type=Path, help="folder with the weights of the feature networks")
    parser.add_argument("--metrics", type=Path, help="Python file with pooled, face_box and identity")
    parser.add_argument("--bytes", type=int, default=400, help="limit of the files")
    parser.add_argument("--samples", type=Path, help="write faces that the prior draws by itself, a PNG")
    options = parser.parse_args()
    codec = LatentCodec("fasdiff", options.weights, decoder=options.decoder)
    rgbs = measuring.load_pictures(options.pictures, options.size, options.limit)
    measures = Measures(options.features, measuring.load_module(options.metrics) if options.metrics else None)
    drawer = Drawer(codec, options.size)
    results = [measuring.compress(codec, rgb, options.bytes) for rgb in track(rgbs, "coding")]
    for rgb, (result, _) in zip(track(rgbs, "drawing"), results):
        coded = drawer.coded(result)
        shown = drawer(coded, result, VARIANTS)
        shown |= drawer(replace(coded, lf=torch.zeros_like(coded.lf)), result, {"low part zeroed": (4, 0)})
        measures.add(rgb, shown)
    if options.samples:
        samples(codec, options.size).save(options.samples, "PNG")
    files = {
        "mean bytes": float(np.mean([size for _, size in results])),
        "mean quality index": float(np.mean([result.quality for result, _ in results])),
        "at full size": sum(result.scale == 0 for result, _ in results),
        "random feature networks": "yes, figures mean nothing" if options.features is None else "no",
    }
    title = f"{len(rgbs)} pictures, at most {options.bytes} bytes"
    measuring.report(codec, {title: [files], **measures.tables()}, options.json)


if __name__ == "__main__":
    main()
