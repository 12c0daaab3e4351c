"""What each part of CGDM adds, on pictures at equal bytes, with paired bootstrap intervals (95 %).

    PYTHONPATH=src python scripts/measure_cgdm.py VAL --features WEIGHTS_DIR [--bytes 400 1000] [--size 256] [--limit 16]
        [--weights cgdm.safetensors] [--json cgdm.json]

--features holds vgg16_features and lpips_lin_v0_1 (.safetensors). Every variant is drawn from the decoded tensors of the
same file, at seed 0: without the syntax w in the base synthesis (its plain decoder), in the gates of the fusion (the same
gates for every picture), in both; without the branch (a = 0) and without the denoiser's own features (a = 1); the base
latent decoded, with its low band held like the rest; the base picture. Differences are to four steps: positive where the
part helps. Nothing was trained anew, so these say what the trained networks lean on, not what a part is worth.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import measuring
import numpy as np
import torch
from rich.progress import track

from intaglio.compressor.base_picture import base_picture
from intaglio.compressor.compressor import Coded
from intaglio.entropy.stream import grid
from intaglio.image import enlarge
from intaglio.measures.lpips_net import LPIPS
from intaglio.pipeline.latent_codec import LatentCodec
from intaglio.priors.noise import field
from intaglio.priors.unet import Control

FULL = "4 steps"


def gated(control: Control, share: float) -> Control:
    """A control whose gates let through only the denoiser (0) or only the branch (1)."""
    maps, scales = [], []
    for m, s in zip(control.maps, control.scales):
        own = (1 - s) / 2  # the gate a
        maps.append(2 * share * m / (2 * own).clamp(min=1e-3))
        scales.append(torch.full_like(s, 1 - 2 * share))
    return replace(control, maps=maps, scales=scales)


@torch.inference_mode()
def variants(codec: LatentCodec, rgb: measuring.Rgb, limit: int) -> tuple[dict[str, torch.Tensor], dict[str, float]]:
    """Pictures (1, 3, H, W) of all variants of one file, and its bytes, the vector's among them."""
    result = codec.compress(codec.features(rgb), None, limit)
    gh, gw = grid(*rgb.shape[:2], result.scale)
    tensors = codec.stream.decode(result.payload, result.quality, gh, gw)
    c = Coded(**{k: torch.from_numpy(v).to(codec.dtype)[None] for k, v in tensors.floats().items()})
    plain = replace(c, vector=torch.zeros_like(c.vector))
    q, model, noise = torch.tensor([result.quality / 255]), codec.model, field(0, 0, 32, 4 * gh, 4 * gw)
    out: dict[str, torch.Tensor] = {}
    with torch.autocast("cpu", codec.dtype, enabled=codec.dtype != torch.float32):
        synthesis = model.compressor.synthesis
        prompt, without = synthesis(c, q), synthesis(plain, q)
        control = model.control(c, prompt, q)

        def drawn(name: str, control: Control, shown: Any, steps: int = 4) -> None:
            z = model.draw(control, q, steps, noise)
            out[name] = model.hold(codec._decode(z).float(), shown)

        drawn(FULL, control, prompt)
        drawn("1 step", control, prompt, 1)
        drawn("2 steps", control, prompt, 2)
        drawn("no w in the synthesis", model.control(c, without, q), without)
        drawn("no w in the gates", model.control(plain, prompt, q), prompt)
        drawn("no w", model.control(plain, without, q), without)
        drawn("no branch", gated(control, 0), prompt)
        drawn("branch alone", gated(control, 1), prompt)
        out["base latent"] = model.hold(codec._decode(prompt.latent.float()).float(), prompt)
        out["base picture"], out["base picture, no w"] = base_picture(prompt), base_picture(without)
    h, w = rgb.shape[:2]
    rows, columns = -(-h // (1 << result.scale)), -(-w // (1 << result.scale))

    def shown(x: torch.Tensor) -> torch.Tensor:
        levels = (x[0, :, :rows, :columns].float().clamp(0, 1) * 255).round().to(torch.uint8)
        return measuring.tensor(enlarge(levels.permute(1, 2, 0).numpy(), (h, w)))

    return {k: shown(v) for k, v in out.items()}, {
        "bytes": len(result.payload), "of w": codec.stream.sections(result.payload, result.quality, gh, gw)["vector"],
    }  # fmt: skip


def main() -> None:
    parser = measuring.parser(__doc__)
    parser.add_argument("--features", type=Path, required=True, help="folder with the weights of the feature networks")
    parser.add_argument("--bytes", type=int, nargs="+", default=[400, 1000], help="limits of the payloads")
    options = parser.parse_args()
    rgbs = measuring.load_pictures(options.pictures, options.size, options.limit or 16)
    codec = LatentCodec("cgdm", options.weights, decoder=options.decoder, device="cpu")
    lpips, tables = LPIPS(options.features), {}
    for limit in options.bytes:
        found: dict[str, dict[str, list[float]]] = {}
        sizes: list[dict[str, float]] = []
        for rgb in track(rgbs, f"{limit} bytes"):
            shown, size = variants(codec, rgb, limit)
            sizes.append(size)
            x = measuring.tensor(rgb)
            for name, y in shown.items():
                row = found.setdefault(name, {"LPIPS-VGG": [], "PSNR": []})
                with torch.inference_mode():
                    row["LPIPS-VGG"].append(float(lpips(x, y)))
                row["PSNR"].append(float(-10 * (x - y).square().mean().log10()))
        heading = ", ".join(f"{k} {np.mean([s[k] for s in sizes]):.1f}" for k in sizes[0])
        tables[f"At most {limit} bytes of payload ({heading})"] = [
            {"variant": name, "LPIPS-VGG": float(np.mean(row["LPIPS-VGG"])), "PSNR": float(np.mean(row["PSNR"]))}
            | {"LPIPS-VGG less that of 4 steps": measuring.paired(row["LPIPS-VGG"], found[FULL]["LPIPS-VGG"])}
            | {"PSNR of 4 steps less its": measuring.paired(found[FULL]["PSNR"], row["PSNR"])}
            for name, row in found.items()
        ]
    measuring.report(codec, tables, options.json)


if __name__ == "__main__":
    main()
