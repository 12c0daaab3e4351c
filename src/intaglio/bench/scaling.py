"""`intaglio bench scaling`: work, seconds and peak memory as pictures grow, and the share of what the machine can do.

    python -m intaglio.bench.scaling PICTURE.npy CODEC           prints one JSON object, in a fresh process

CODEC is one of ours, or a peer and its setting ("avif 25"). The picture is the first of the folder, scaled to a square
of each side. GFLOP are counted by torch's FlopCounterMode on the eager graph (the integer entropy nets, some percent, are
not in it). The machine's rate is that of a 3x3 convolution of 128 channels at 64x64, batch 4, channels last, in the
precision in use, the best of two rounds, in the same process: a share of it means the same on any machine.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from intaglio.bench import markdown, ours, peers, picture_set
from intaglio.bench.circumstances import facts
from intaglio.bench.results import Record
from intaglio.bench.timing import apart, best_of, peak_memory
from intaglio.codecs import CODECS
from intaglio.measures.measure import Rgb

BPP = 0.05  # of ours; peers at the middle of their settings
FITTED = 256  # pixels a side from which on growth is fitted: smaller pictures take what starting takes


def measure(
    folder: Path, out: Path, mine: Sequence[str], names: Sequence[str], sides: Sequence[int], say: Callable[[str], None]
) -> None:
    """Writes OUT/scaling.md and says the tables.

    Raises:
        BenchError: no pictures. IntaglioError: an unknown peer.
    """
    from rich.progress import track

    others, missing = peers.available(names)
    rows = []
    for side in track(sides, "scaling", transient=True):
        rgb = next(iter(picture_set.load(folder, side, 1).values()))
        codecs = [*mine, *(f"{p.name} {p.settings[len(p.settings) // 2]:g}" for p in others)]
        rows += [apart("intaglio.bench.scaling", rgb, codec) for codec in codecs]
    tables = {"": rows, "Growth with pixels": growth(rows)}
    text = markdown.document("Work, time and memory", facts(mine), missing.values(), tables)
    out.mkdir(parents=True, exist_ok=True)
    (out / "scaling.md").write_text(text)
    say(text)


def growth(rows: Sequence[Record]) -> list[Record]:
    """Exponents of pixels, fitted to the logarithms of what was measured from 256 a side on: 1 is in proportion."""
    table = []
    for codec in dict.fromkeys(row["codec"] for row in rows):
        own = [row for row in rows if row["codec"] == codec and row["side"] >= FITTED]
        exponents: Record = {"codec": codec}
        for key in ("encode s", "decode s", "decode s, 1 step", "peak MB"):
            points = [(row["side"] ** 2, row[key]) for row in own if row.get(key)]
            if len(points) > 1:
                pixels, values = np.log(np.array(points)).T
                exponents[key] = round(float(np.polyfit(pixels, values, 1)[0]), 2)
        if len(exponents) > 1:
            table.append(exponents)
    return table


def _main(file: Path, codec: str) -> Record:
    rgb = np.load(file)
    row: Record = {"codec": codec, "side": len(rgb)}
    return row | (_mine(codec, rgb) if codec in CODECS else _peer(codec, rgb)) | {"peak MB": peak_memory() / 1e6}


def _peer(codec: str, rgb: Rgb) -> Record:
    name, _, setting = codec.rpartition(" ")
    peer = peers.available([name])[0][0]
    encode_s, data = best_of(lambda: peer.encode(rgb, float(setting)))
    decode_s, _ = best_of(lambda: peer.decode(data, *rgb.shape[:2]))
    return {"bytes": len(data), "encode s": encode_s, "decode s": decode_s}


def _mine(codec: str, rgb: Rgb) -> Record:
    limit = max(400, ours.target(BPP, rgb, bpp=True))
    data = ours.encode(codec, rgb, limit)
    calls: dict[str, Callable[[], Any]] = {
        "encode": lambda: ours.encode(codec, rgb, limit),
        "decode": lambda: ours.decode(codec, data),
        "decode, 1 step": lambda: ours.decode(codec, data, steps=1),
    }
    row: Record = {"bytes": len(data)}
    rate = convolution_rate()
    for name, call in calls.items():
        what, _, rest = name.partition(",")
        seconds, work = best_of(call)[0], gflop(call)
        row |= {f"{what} s{',' * bool(rest)}{rest}": seconds, f"{what} GFLOP{',' * bool(rest)}{rest}": work}
        row |= {f"{what}, share %": 100 * work / seconds / rate} if not rest else {}
    return row | {"rate GFLOP/s": rate}


def gflop(call: Callable[[], Any]) -> float:
    """Billions of floating-point operations of a call."""
    from torch.utils.flop_counter import FlopCounterMode

    from intaglio.networks.operators import counted

    with FlopCounterMode(display=False, custom_mapping=counted()) as counter:
        call()
    return float(counter.get_total_flops()) / 1e9


def convolution_rate() -> float:
    """GFLOP/s of this machine in a 3x3 convolution, forward, in the precision in use."""
    import torch

    from intaglio.networks.precision import best_dtype

    device = "cuda" if torch.cuda.is_available() else "cpu"
    kind = {"device": device, "dtype": best_dtype(device)}
    layer = torch.nn.Conv2d(128, 128, 3, padding=1, **kind).to(memory_format=torch.channels_last)  # type: ignore[arg-type, call-overload]
    x = torch.randn(4, 128, 64, 64, **kind).contiguous(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def run() -> None:
        layer(x)
        if device == "cuda":
            torch.cuda.synchronize()

    with torch.inference_mode():
        return 2 * 9 * 128 * 128 * 64 * 64 * 4 / min(best_of(run)[0], best_of(run)[0]) / 1e9


if __name__ == "__main__":
    print(json.dumps(_main(Path(sys.argv[1]), sys.argv[2])))
