"""What the measuring scripts share: arguments, pictures, statistics, and reports as Markdown tables and JSON."""

from __future__ import annotations

import argparse
import datetime
import importlib.util
import json
import os
import platform
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

import intaglio
from intaglio import format as itg
from intaglio.format.header import Header
from intaglio.format.streams import CUSTOM
from intaglio.pipeline.latent_codec import LatentCodec, Result
from intaglio.train import training_pictures as pictures

Rgb = NDArray[np.uint8]
Interval = tuple[float, float, float]  # value, and the ends of its 95 % interval
RESAMPLES = 4000


def parser(doc: str | None) -> argparse.ArgumentParser:
    """With the arguments that all scripts have."""
    out = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    out.add_argument("pictures", type=Path, help="folder of pictures; their central squares are used")
    out.add_argument("--size", type=int, default=256, help="side of the squares")
    out.add_argument("--limit", type=int, help="so many pictures, the first by name")
    out.add_argument("--weights", type=Path, help="FaSDiff's weights file, in place of the packaged one")
    out.add_argument("--decoder", choices=("lean", "reference"), default="lean")
    out.add_argument("--json", type=Path, help="write all figures there")
    return out


def training_parser(doc: str | None) -> argparse.ArgumentParser:
    """The same for scripts that train before they measure."""
    out = parser(doc)
    add_training(out)
    out.add_argument("--out", type=Path, required=True, help="folder of the runs; trained ones are not trained again")
    return out


def add_training(out: argparse.ArgumentParser) -> None:
    """What a stage joint is made of."""
    out.add_argument("config", type=Path, help="a recipe with a stage joint")
    out.add_argument("--features", type=Path, required=True, help="folder with the weights of the feature networks")
    out.add_argument("--cache", type=Path, required=True, help="latent cache of training pictures")
    out.add_argument("--mix", type=Path, help="a further latent cache")
    out.add_argument("--start", type=Path, required=True, help="weights to start from, and of parts that are not tried")


def load_pictures(folder: Path, size: int, limit: int | None) -> list[Rgb]:
    """Central squares (size, size, 3), by name."""
    sources = sorted(pictures.find([folder]), key=lambda s: s.key)[:limit]
    return [np.array(pictures.square(s.open(), size, 0, s.key)) for s in sources]


def tensor(rgb: Rgb) -> torch.Tensor:
    """(H, W, 3) uint8 to (1, 3, H, W) in 0..1."""
    return torch.from_numpy(np.ascontiguousarray(rgb)).permute(2, 0, 1)[None].float() / 255


def overhead(codec: LatentCodec, rgb: Rgb) -> int:
    """Bytes of a whole .itg file of the picture that are no payload."""
    stream = codec.weights.stream
    digest = codec.stream.digest if stream == CUSTOM else None
    header = Header(width=rgb.shape[1], height=rgb.shape[0], quality=0, stream=stream, digest=digest)
    return len(itg.write(header, b"", seed=codec.stream.seed))


def compress(codec: LatentCodec, rgb: Rgb, limit: int) -> tuple[Result, int]:
    """The picture coded into a file of at most `limit` bytes: (what was coded, bytes of the whole file)."""
    extra = overhead(codec, rgb)
    result = codec.compress(codec.features(rgb), None, limit - extra)
    return result, len(result.payload) + extra


def load_module(path: Path) -> ModuleType:
    """A Python file as a module; its neighbours can be imported from it."""
    sys.path.insert(0, str(path.resolve().parent))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# --- Statistics ---------------------------------------------------------------------------------------------------


def bootstrap(
    columns: Sequence[Sequence[float]], statistic: Callable[..., float] = lambda a: float(a.mean()), seed: int = 0
) -> Interval:
    """`statistic` of the columns (equally long, one row a picture) and its 95 % interval, rows resampled together."""
    data = np.asarray(columns, np.float64)
    rng, n = np.random.default_rng(seed), data.shape[1]
    drawn = [statistic(*data[:, rng.integers(n, size=n)]) for _ in range(RESAMPLES)]
    low, high = np.quantile(drawn, (0.025, 0.975))
    return statistic(*data), float(low), float(high)


def paired(a: Sequence[float], b: Sequence[float]) -> Interval:
    """Mean of a - b over pictures."""
    return bootstrap([a, b], lambda x, y: float((x - y).mean()))


def gain(a: Sequence[float], b: Sequence[float]) -> Interval:
    """By what share the mean of a lies below that of b, in percent."""
    return bootstrap([a, b], lambda x, y: float(100 * (1 - x.mean() / y.mean())))


# --- Reports ------------------------------------------------------------------------------------------------------


def shown(value: Any) -> str:
    """A figure for people: four digits; intervals with their ends; truth as yes and no."""
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "NO"
    if isinstance(value, tuple):
        return f"{shown(value[0])} [{shown(value[1])}, {shown(value[2])}]"
    if isinstance(value, float | np.floating):
        return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    return "-" if value is None else str(value)


def table(title: str, rows: Sequence[dict[str, Any]]) -> str:
    """A Markdown table under a heading; the columns are all keys in the order in which they come."""
    names = list(dict.fromkeys(key for row in rows for key in row))
    lines = [f"\n### {title}\n", f"| {' | '.join(names)} |", f"|{'---|' * len(names)}"]
    lines += [f"| {' | '.join(shown(row.get(name)) for name in names)} |" for row in rows]
    return "\n".join(lines)


def circumstances(codec: LatentCodec) -> dict[str, Any]:
    """When, where and with what something was measured."""
    capabilities = dict(torch.cpu.get_capabilities()) if hasattr(torch.cpu, "get_capabilities") else {}
    return {
        "date": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "command": " ".join(["python", *(a if i else Path(a).name for i, a in enumerate(sys.argv))]),
        "machine": str(capabilities.get("cpu_name") or platform.processor() or platform.machine()),
        "cores": os.cpu_count(), "threads": torch.get_num_threads(), "device": str(codec.device),
        "precision": str(codec.dtype).removeprefix("torch."), "system": platform.system(),
        "python": platform.python_version(), "torch": torch.__version__, "numpy": np.__version__,
        "intaglio": intaglio.__version__, "stream": codec.stream.digest.hex(), "weights": codec.weights.decoder,
        "decoder": "reference" if codec.lean is None else "lean",
    }  # fmt: skip


def report(codec: LatentCodec, tables: dict[str, list[dict[str, Any]]], path: Path | None) -> None:
    """Print the tables; write them as JSON."""
    about = circumstances(codec)
    print(", ".join(f"{name} {value}" for name, value in about.items()))
    for title, rows in tables.items():
        print(table(title, rows))
    if path is not None:
        path.write_text(json.dumps({"circumstances": about, **tables}, indent=1, default=float) + "\n")


def label(image: Image.Image, text: str) -> Image.Image:
    """The picture with a line of text under it."""
    from PIL import ImageDraw

    out = Image.new("RGB", (image.width, image.height + 14), "white")
    out.paste(image)
    ImageDraw.Draw(out).text((2, image.height + 1), text, fill="black")
    return out


def beside(images: Sequence[Image.Image], down: bool = False) -> Image.Image:
    """Pictures in a row, or one below the other."""
    widths, heights = zip(*(image.size for image in images))
    out = Image.new("RGB", (max(widths), sum(heights)) if down else (sum(widths), max(heights)), "white")
    at = 0
    for image in images:
        out.paste(image, (0, at) if down else (at, 0))
        at += image.height if down else image.width
    return out
