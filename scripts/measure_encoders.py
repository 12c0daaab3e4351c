"""What codec and effort bring on pictures at equal bytes: LPIPS-VGG, PSNR with and without diffusion, identity, seconds.

    PYTHONPATH=src python scripts/measure_encoders.py VAL --features WEIGHTS_DIR [--codecs fasdiff cgdm auto]
        [--efforts 0 3 6] [--bytes 400 800] [--size 256] [--limit 24] [--json encoders.json] [--plot efforts.png]

--features holds vgg16_features, lpips_lin_v0_1, mobilefacenet512_* and landmark68_* (.safetensors). Identity is the cosine
to the original's vector, where a face is found. Each row's LPIPS-VGG is also set against the first row's of that limit,
and `auto` against the better of the codecs it chose from, picture by picture, with bootstrap intervals (95 %). --plot
draws LPIPS-VGG, and PSNR at realism 0, over the efforts.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import measuring
import numpy as np
import torch
from PIL import Image
from rich.progress import track

from intaglio.codec import AUTO, Codec
from intaglio.faces.landmarks68 import Landmarks
from intaglio.faces.recogniser import Identity
from intaglio.measures.lpips_net import LPIPS
from intaglio.train.cached_faces import plausible

Row = dict[str, list[float]]


class Judge:
    """Distances of decoded pictures to originals."""

    def __init__(self, features: Path | None) -> None:
        self.lpips, self.recogniser, self.landmarks = LPIPS(features), Identity(features), Landmarks(features)

    @torch.inference_mode()
    def __call__(self, rgb: measuring.Rgb, drawn: Image.Image, base: Image.Image) -> dict[str, float]:
        x, y, b = (measuring.tensor(np.asarray(p)) for p in (rgb, drawn, base))
        points = self.landmarks(x)
        found = bool(plausible(points, min(rgb.shape[:2])))
        return {
            "LPIPS-VGG": float(self.lpips(x, y)),
            "PSNR": float(-10 * (y - x).square().mean().log10()),
            "PSNR, realism 0": float(-10 * (b - x).square().mean().log10()),
            "identity cosine": float(1 - self.recogniser(x, y, points)) if found else float("nan"),
        }


def measure(codec: Codec, effort: int, limit: int, rgbs: list[measuring.Rgb], judge: Judge) -> Row:
    """All figures of a codec at an effort, picture by picture."""
    row: Row = {}
    for rgb in track(rgbs, f"{codec.name} {effort} {limit}"):
        start = time.perf_counter()
        data = codec.compress(Image.fromarray(rgb), max_bytes=limit, effort=effort)
        seconds = time.perf_counter() - start
        found = judge(rgb, codec.decompress(data), codec.decompress(data, realism=0))
        for key, value in {"bytes": len(data), "seconds": seconds, **found}.items():
            row.setdefault(key, []).append(value)
    return row


def tables(rows: dict[tuple[str, int, int], Row]) -> dict[str, list[dict[str, Any]]]:
    """Means, and differences to the first row of the same limit; `auto` against the best of the others at its effort."""
    out: dict[str, list[dict[str, Any]]] = {}
    for limit in sorted({key[2] for key in rows}):
        here = {key[:2]: row for key, row in rows.items() if key[2] == limit}
        first = next(iter(here.values()))
        lines = []
        for (codec, effort), row in here.items():
            line: dict[str, Any] = {"codec": codec, "effort": effort} | {
                k: float(np.nanmean(v)) for k, v in row.items()
            }
            line["LPIPS-VGG less the first's"] = measuring.paired(row["LPIPS-VGG"], first["LPIPS-VGG"])
            others = [r["LPIPS-VGG"] for (name, e), r in here.items() if e == effort and name != AUTO]
            if codec == AUTO and others:
                line["LPIPS-VGG less the better's"] = measuring.paired(row["LPIPS-VGG"], np.min(others, 0).tolist())
            lines.append(line)
        out[f"At most {limit} bytes"] = lines
    return out


def plot(rows: dict[tuple[str, int, int], Row], path: Path) -> None:
    """What each effort gains over the first: in LPIPS-VGG, and in PSNR without diffusion."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 3.4), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    for axes, measure in zip(figure.subplots(1, 2), ("LPIPS-VGG", "PSNR, realism 0")):
        for codec, limit in dict.fromkeys((codec, limit) for codec, _, limit in rows):
            here = {effort: np.mean(row[measure]) for (c, effort, n), row in rows.items() if (c, n) == (codec, limit)}
            first = next(iter(here.values()))
            axes.plot(list(here), [value - first for value in here.values()], "o-", label=f"{codec}, {limit} bytes")
        axes.set(xlabel="effort", ylabel=f"{measure}, less that of effort {min(key[1] for key in rows)}")
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False, fontsize=8)
    figure.savefig(path)


def main() -> None:
    parser = measuring.parser(__doc__)
    parser.add_argument("--features", type=Path, required=True, help="folder with the weights of the feature networks")
    parser.add_argument("--codecs", nargs="+", default=["fasdiff", "cgdm", AUTO])
    parser.add_argument("--efforts", type=int, nargs="+", default=[0])
    parser.add_argument("--bytes", type=int, nargs="+", default=[400, 800], help="limits of the files")
    parser.add_argument("--plot", type=Path, help="write a plot over the efforts there")
    options = parser.parse_args()
    rgbs = measuring.load_pictures(options.pictures, options.size, options.limit)
    judge, rows = Judge(options.features), {}
    for name in options.codecs:
        codec = Codec(name, decoder=options.decoder)
        for effort in options.efforts:
            for limit in options.bytes:
                rows[name, effort, limit] = measure(codec, effort, limit, rgbs, judge)
    measuring.report(codec._codec, tables(rows), options.json)
    if options.plot:
        plot(rows, options.plot)


if __name__ == "__main__":
    main()
