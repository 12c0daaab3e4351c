"""Real bytes of FaSDiff: against what its tables and its float entropy model promise, over quality, and under limits.

    PYTHONPATH=src python scripts/measure_rate.py PICTURES [--float RUN/compressor/ema.pt] [--json rate.json] [--plot sections.png]

A payload may take 3 % + 4 bytes more than -log2 of the integer tables' probabilities of its symbols, and 5 % more than
the float entropy model needs for the same symbols (--float: the checkpoint that the weights were made of, of any
stage that has the compressor). Bytes should rise with quality, index 0 take at most 130 bytes, files never
exceed a limit and fill it to 90 % on average up to 1,600 bytes. All pictures are coded at all 256 quality indices. --plot draws
what each section takes, in bytes and as a share, over the size of the payload.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import measuring
import numpy as np
import torch
from numpy.typing import NDArray
from rich.progress import track

from intaglio.compressor.compressor import Coded, Compressor, CompressorConfig
from intaglio.entropy.stream import SECTIONS, grid
from intaglio.errors import BudgetError
from intaglio.pipeline.latent_codec import LatentCodec

CHECKED = (0, 16, 32, 64, 96, 128, 192, 255)  # quality indices at which bytes are compared with what is promised
LIMITS = (150, 250, 400, 600, 800, 1000, 1600)
FILLED = 90.0  # percent of the limit, the mean file
AT_ZERO = 130  # bytes at quality index 0
TABLES = (3.0, 4)  # percent and bytes over the tables' information
FLOAT = 5.0  # percent over the float entropy model
VIOLATED = 1.0  # percent of pictures whose bytes may fall between neighbouring qualities
QUALITIES = [round((quality - 1) / 99 * 255) for quality in range(1, 101)]  # indices of quality 1 to 100


def over_tables(payload: float, information: float) -> bool:
    """Whether a payload takes more bytes than the tables' information allows it."""
    return payload > information * (1 + TABLES[0] / 100) + TABLES[1]


def violations(sizes: NDArray[np.int64]) -> dict[str, float]:
    """Of bytes (pictures, qualities): how often they fall from a quality to the next."""
    fall = sizes[:, :-1] - sizes[:, 1:]
    bad = fall > 0
    return {
        "pairs, % of pictures (mean)": float(100 * bad.mean()),
        "worst pair, %": float(100 * bad.mean(0).max()),
        "pictures with any, %": float(100 * bad.any(1).mean()),
        "largest fall, bytes": int(fall.max(initial=0)),
    }


def filling(sizes: Sequence[int], limit: int, refused: int) -> dict[str, Any]:
    """Of files' bytes under a limit: whether all stay below it, and how much of it the mean file uses."""
    fill = 100 * float(np.mean(sizes)) / limit if sizes else 0.0
    most = max(sizes, default=0)
    held = most <= limit and fill >= FILLED and not refused
    return {
        "limit": limit,
        "mean %": fill,
        "least": min(sizes, default=0),
        "most": most,
        "refused": refused,
        "held": held,
    }


class FloatModel:
    """The entropy models as they were trained: what they need for the symbols of a payload."""

    def __init__(self, path: Path, config: dict[str, int]) -> None:
        state = torch.load(path, map_location="cpu", weights_only=True)
        for prefix in ("codec.", "compressor."):  # of stage joint; of a codec
            state = {k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)} or state
        self.model = Compressor(CompressorConfig(**config)).eval()
        self.model.load_state_dict(state)

    @torch.inference_mode()
    def bytes(self, values: dict[str, Any], index: int) -> float:
        """Of decoded tensors: they lie where the float model rounds to, so it finds the same symbols in them."""
        coded = Coded(**{name: torch.from_numpy(v)[None] for name, v in values.items()})
        _, bits = self.model.quantise(coded, torch.tensor([index / 255]))
        return float(sum(b.sum() for b in bits.values())) / 8


def promised(
    codec: LatentCodec, tensors: list[dict[str, Any]], size: int, float_model: FloatModel | None
) -> list[dict[str, Any]]:
    """Real payload bytes beside the tables' and the float model's, at a few quality indices."""
    rows, h, w = [], *grid(size, size, 0)
    for index in track(CHECKED, "promised bytes"):
        real, tables, floats, sections = [], [], [], []
        for t in tensors:
            payload, values = codec.stream.encode(t, index)
            found = codec.stream.sections(payload, index, h, w)
            real.append(len(payload))
            sections.append(list(found.values()))
            tables.append(sum(found.values()))
            if float_model is not None:
                floats.append(float_model.bytes(values.floats(), index))
        names = dict(zip(found, np.mean(sections, 0).tolist()))
        row = {"index": index, "payload": float(np.mean(real)), **names, "tables": float(np.mean(tables))}
        row["over tables %"] = 100 * (row["payload"] / row["tables"] - 1)
        row["too long"] = sum(over_tables(r, t) for r, t in zip(real, tables))
        if floats:
            row["float"] = float(np.mean(floats))
            row["over float %"] = 100 * (row["payload"] / row["float"] - 1)
            row["float, largest %"] = float(100 * np.max(np.array(real) / np.array(floats) - 1))
        row["held"] = row["too long"] == 0 and row.get("over float %", 0.0) <= FLOAT
        rows.append(row)
    return rows


def plot(rows: Sequence[dict[str, Any]], path: Path) -> None:
    """What the sections take, of the rows of `promised`."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 3.4), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    names = [name for name in SECTIONS if name in rows[0]]
    sizes, parts = [row["payload"] for row in rows], np.array([[row[name] for row in rows] for name in names])
    left, right = figure.subplots(1, 2)
    for name, part in zip(names, parts):
        left.plot(sizes, part, "o-", label=name)
    left.legend(frameon=False, fontsize=8)  # the right has the same colours, and no room
    right.stackplot(sizes, 100 * parts / parts.sum(0))
    left.set(ylabel="bytes", yscale="log")
    right.set(ylabel="share of the payload, %", ylim=(0, 100))
    for axes in (left, right):
        axes.set(xlabel="bytes of payload", xscale="log")
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path)


def limits(codec: LatentCodec, rgbs: list[measuring.Rgb]) -> list[dict[str, Any]]:
    rows = []
    for limit in track(LIMITS, "limits"):
        sizes, scales, refused = [], [], 0
        for rgb in rgbs:
            try:
                result, size = measuring.compress(codec, rgb, limit)
            except BudgetError:
                refused += 1
                continue
            sizes.append(size)
            scales.append(result.scale)
        row = filling(sizes, limit, refused)
        rows.append(row | {"coded at full size, %": float(100 * np.mean(np.array(scales) == 0)) if scales else 0.0})
    return rows


def main() -> None:
    parser = measuring.parser(__doc__)
    parser.add_argument("--float", type=Path, help="checkpoint of the compressor before it was made integers")
    parser.add_argument("--plot", type=Path, help="write a plot of the sections there")
    options = parser.parse_args()
    codec = LatentCodec("fasdiff", options.weights, decoder=options.decoder)
    rgbs = measuring.load_pictures(options.pictures, options.size, options.limit)
    float_model = FloatModel(options.float, codec.weights.config["compressor"]) if options.float else None
    tensors = [codec.analyse(codec.features(rgb), 0) for rgb in track(rgbs, "analysis")]
    every = [[len(codec.stream.encode(t, q)[0]) for q in range(256)] for t in track(tensors, "all qualities")]
    sizes, extra = np.array(every), measuring.overhead(codec, rgbs[0])
    monotone = [
        {"neighbours": name, **(found := violations(s)), "held": found["pairs, % of pictures (mean)"] <= VIOLATED}
        for name, s in (("quality indices 0 to 255", sizes), ("quality 1 to 100", sizes[:, QUALITIES]))
    ]
    zero, last = sizes[:, 0], sizes[:, -1]
    ends = [
        {"index": q, "mean payload": float(s.mean()), "least": int(s.min()), "most": int(s.max()),
         "most, whole file": int(s.max()) + extra} for q, s in ((0, zero), (255, last))
    ]  # fmt: skip
    ends[0] |= {"bar": AT_ZERO, "held": int(zero.max()) + extra <= AT_ZERO}
    compared = promised(codec, tensors, options.size, float_model)
    if options.plot:
        plot(compared, options.plot)
    tables = {
        f"Promised and real payload, {len(rgbs)} pictures": compared,
        "Bytes falling while quality rises": monotone,
        "Ends of the range": ends,
        f"Files under a limit (bar: never over, mean at least {FILLED:.0f} %)": limits(codec, rgbs),
    }
    measuring.report(codec, tables, options.json)


if __name__ == "__main__":
    main()
