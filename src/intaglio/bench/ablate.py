"""`intaglio bench ablate`: what each part of a decoder adds, by drawing the same files without it.

Files are made once, by the whole codec. Nothing is trained anew, so a difference says what the trained networks lean on,
not what a codec would lack that was trained without the part.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from intaglio import format, measures
from intaglio.bench import markdown, ours, picture_set
from intaglio.bench.circumstances import facts
from intaglio.bench.knockout import Knockout, Steer, fixed_gates, without_branch, without_low, without_prompt
from intaglio.bench.results import Record
from intaglio.info import check
from intaglio.measures.interval import Figure, bootstrap, mean
from intaglio.measures.measure import Measure, Rgb
from intaglio.options import DecompressOptions
from intaglio.pipeline.coding import Coding
from intaglio.pipeline.decoder import decode
from intaglio.pipeline.model import Model, PixelDecoder
from intaglio.weights import codec_file

JUDGED = ("lpips", "eld", "identity", "psnr", "dists")
WHOLE, SEEDS = "whole, 4 steps", "seed 1 against seed 0"


@dataclass(frozen=True)
class Variant:
    """One way to draw a file."""

    options: DecompressOptions = field(default_factory=DecompressOptions)
    steer: Steer | None = None  # what steers the prior, in place of the codec's own control
    diffusion: bool = True  # False: the base latent is decoded as it is
    decoder: PixelDecoder = "lean"


COMMON = {
    WHOLE: Variant(),
    "1 step": Variant(DecompressOptions(steps=1)),
    "base picture (realism 0)": Variant(DecompressOptions(realism=0.0)),
    "base latent, no diffusion": Variant(diffusion=False),
    "reference decoder": Variant(decoder="reference"),
}
VARIANTS: dict[str, dict[str, Variant]] = {
    "fasdiff": COMMON
    | {
        "no high-frequency prompt": Variant(steer=without_prompt),
        "no low-frequency enhancement": Variant(steer=without_low),
    },
    "cgdm": COMMON | {"no branch": Variant(steer=without_branch), "gates the same for all": Variant(steer=fixed_gates)},
}
"""Ways to draw, by codec and name."""


class Drawer:
    """A codec's files as pictures, by every variant. Raises WeightsError as `Model`."""

    def __init__(self, codec: str, weights: Path | None = None) -> None:
        file = codec_file.read(codec, weights)
        self.models: dict[PixelDecoder, Model] = {
            decoder: Model(file, decoder=decoder) for decoder in ("lean", "reference")
        }

    def __call__(self, data: bytes, variant: Variant) -> Rgb:
        """The picture (H, W, 3) of the bytes of an .itg file."""
        model = self.models[variant.decoder]
        weights, stream = model.weights, model.stream
        header, payload = format.read(data, seed_of=lambda h: check(h, weights.stream, stream.digest, stream.seed))
        coding = Coding(payload, header.quality, header.halvings, header.focus)
        whole = model.networks
        try:
            model.networks = Knockout(whole, variant.steer, variant.diffusion)
            return decode(model, coding, header.height, header.width, variant.options)
        finally:
            model.networks = whole


def measure(
    folder: Path,
    out: Path,
    mine: Sequence[str],
    limits: Sequence[int],
    size: int,
    limit: int | None,
    faces: bool,
    features: Path | None,
    say: Callable[[str], None],
) -> None:
    """Codes, draws and judges, writes OUT/ablation.md, and says the table.

    Raises:
        BenchError: no pictures. BudgetError: a byte target is too small for a picture.
    """
    from rich.progress import track

    pictures = picture_set.load(folder, size, limit)
    judges, unmeasured = measures.available(features, faces)
    judges = [m for m in judges if m.name in JUDGED]
    table: list[Record] = []
    for codec in mine:
        drawer = Drawer(codec)
        for most in limits:
            values: list[dict[str, Any]] = []
            sizes = []
            for rgb in track(pictures.values(), f"{codec} @ {most}", transient=True):
                data = ours.encode(codec, rgb, most)
                sizes.append(len(data))
                values.append(judged(drawer, data, rgb, VARIANTS[codec], judges))
            head = {"codec": codec, "bytes": round(float(np.mean(sizes)))}
            table += [head | row for row in rows(values, judges)]
    left_out = [reason for name, reason in unmeasured.items() if name in JUDGED]
    title = f"Ablation: {folder.resolve().name}, {len(pictures)} pictures, means, and differences to the whole"
    text = markdown.document(title, facts(mine), left_out, {"": table})
    out.mkdir(parents=True, exist_ok=True)
    (out / "ablation.md").write_text(text)
    say(text)


def judged(
    drawer: Drawer, data: bytes, rgb: Rgb, variants: Mapping[str, Variant], judges: Sequence[Measure]
) -> dict[str, dict[str, float | None]]:
    """One file by every variant against its original; of the whole also one seed against another."""
    original = {m.name: m.describe(rgb) for m in judges}
    drawn = {name: drawer(data, variant) for name, variant in variants.items()}
    described = {name: {m.name: m.describe(picture) for m in judges} for name, picture in drawn.items()}
    values = {
        name: {m.name: m.compare(original[m.name], seen[m.name]) for m in judges} for name, seen in described.items()
    }
    other = drawer(data, replace(variants[WHOLE], options=DecompressOptions(seed=1)))
    values[SEEDS] = {m.name: m.compare(described[WHOLE][m.name], m.describe(other)) for m in judges}
    return values


def rows(values: Sequence[Mapping[str, Mapping[str, float | None]]], judges: Sequence[Measure]) -> list[Record]:
    """A row a variant: means of the whole and of the seeds' distance, else differences to the whole; with intervals.

    `values` is picture, variant, measure. Differences are paired by picture; positive is more than the whole.
    """
    table = []
    for name in values[0]:
        row: Record = {"variant": name}
        for m in judges:
            pairs = [(v[name][m.name], v[WHOLE][m.name]) for v in values]
            both = np.array([p for p in pairs if None not in p], np.float64)
            if len(both):
                alone = name in (WHOLE, SEEDS)
                figure = bootstrap(mean, both[:, 0] if alone else both[:, 0] - both[:, 1])
                row[m.title] = _shown(figure, "" if alone else "+")
        table.append(row)
    return table


def _shown(figure: Figure, sign: str) -> str:
    return f"{figure.value:{sign}.3f} [{figure.low:{sign}.3f}…{figure.high:{sign}.3f}]"
