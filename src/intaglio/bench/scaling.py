"""`--protocol scaling`: work, seconds and peak memory as pictures grow, and the share of what the machine can do.

    python -m intaglio.bench.scaling CODEC SIDE PICTURE.npy      prints one JSON object, in a fresh process

GFLOP are counted by torch's FlopCounterMode on the eager graph (the integer entropy nets, some percent, are not in it).
The machine's rate is that of a 3x3 convolution of 128 channels at 64x64, batch 4, channels last, in the precision in
use, best of five, in the same process: a share of it means the same on any machine.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from intaglio.bench import ours, summary
from intaglio.bench import picture_set as pictures
from intaglio.bench.results import BenchError, Record
from intaglio.bench.run import facts
from intaglio.bench.timing import best_of, environment, peak_memory
from intaglio.codecs import CODECS

if TYPE_CHECKING:
    from intaglio.bench.picture_set import Rgb

SIDES = (128, 256, 512, 1024, 2048)
BPP = 0.05  # of ours; peers at the middle of their settings


def measure(folder: Path, out: Path, mine: Sequence[str], names: Sequence[str], say: Callable[[str], None]) -> None:
    """Writes OUT/scaling.md and says the tables; the first picture of the folder, scaled to each side."""
    from rich.progress import track

    from intaglio.bench import peers

    if not set(mine) <= set(CODECS):
        raise BenchError("scaling is of codecs, and a focus is none")
    others, missing = peers.available(names)
    rows = []
    for side in track(SIDES, "scaling", transient=True):
        rgb = next(iter(pictures.load(folder, side, 1).values()))
        rows += [_apart(codec, rgb) for codec in mine]
        rows += [_apart(f"{p.name} {p.settings[len(p.settings) // 2]:g}", rgb) for p in others]
    lines = ["## Work, time and memory\n", *(f"- {key}: {value}" for key, value in facts(mine).items())]
    lines += [f"- left out: {sentence}" for sentence in missing.values()]
    text = "\n".join([*lines, "", summary.table(rows), "", "### Growth with pixels\n", summary.table(growth(rows)), ""])
    out.mkdir(parents=True, exist_ok=True)
    (out / "scaling.md").write_text(text)
    say(text)


def growth(rows: Sequence[Record]) -> list[Record]:
    """Exponents of pixels, fitted to the logarithms of what was measured from 256 a side on: 1 is in proportion."""
    made = []
    for codec in dict.fromkeys(row["codec"] for row in rows):
        own = [row for row in rows if row["codec"] == codec and row["side"] >= 256]
        fitted: Record = {"codec": codec}
        for key in ("encode s", "decode s", "decode s, 1 step", "peak MB"):
            points = [(row["side"] ** 2, row[key]) for row in own if row.get(key)]
            if len(points) > 1:
                pixels, values = np.log(np.array(points)).T
                fitted[key] = round(float(np.polyfit(pixels, values, 1)[0]), 2)
        made.append(fitted)
    return made


def _apart(codec: str, rgb: Rgb) -> Record:
    """In a fresh process, with nothing beside it."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "picture.npy"
        np.save(file, rgb)
        command = [sys.executable, "-m", "intaglio.bench.scaling", codec, str(file)]
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment())
    found: Record = json.loads(done.stdout.splitlines()[-1])
    return found


def _main(codec: str, file: Path) -> Record:
    rgb = np.load(file)
    row: Record = {"codec": codec, "side": len(rgb)}
    return row | (_mine(codec, rgb) if codec in CODECS else _peer(codec, rgb)) | {"peak MB": peak_memory() / 1e6}


def _peer(codec: str, rgb: Rgb) -> Record:
    from intaglio.bench import peers

    name, _, setting = codec.rpartition(" ")
    peer = peers.available([name])[0][0]
    encode_s, data = best_of(lambda: peer.encode(rgb, float(setting)))
    decode_s, _ = best_of(lambda: peer.decode(data, *rgb.shape[:2]))
    return {"bytes": len(data), "encode s": encode_s, "decode s": decode_s}


def _mine(codec: str, rgb: Rgb) -> Record:
    from PIL import Image
    from torch.utils.flop_counter import FlopCounterMode

    import intaglio

    made, image = intaglio.Codec(codec), Image.fromarray(rgb)
    limit = max(400, ours.target(BPP, rgb, bpp=True))

    def gflop(run: Callable[[], Any]) -> float:
        with FlopCounterMode(display=False, custom_mapping=packed_convolutions()) as counter:
            run()
        return float(counter.get_total_flops()) / 1e9

    encode_s, data = best_of(lambda: made.compress(image, max_bytes=limit))
    row: Record = {
        "bytes": len(data),
        "encode s": encode_s,
        "encode GFLOP": gflop(lambda: made.compress(image, max_bytes=limit)),
    }
    for steps, key in ((4, "decode s"), (1, "decode s, 1 step")):
        row[key], _ = best_of(lambda steps=steps: made.decompress(data, steps=steps))  # type: ignore[misc]
        row[key.replace("decode s", "decode GFLOP")] = gflop(lambda steps=steps: made.decompress(data, steps=steps))  # type: ignore[misc]
    rate = convolution_rate()
    row |= {"rate GFLOP/s": rate}
    for what in ("encode", "decode"):
        row[f"{what}, share %"] = 100 * row[f"{what} GFLOP"] / row[f"{what} s"] / rate
    return row


def packed_convolutions() -> dict[Any, Any]:
    """FLOPs of convolutions packed for the processor (`nets.packed`), which the counter does not know."""
    import math

    import torch

    def flops(x: Sequence[int], weight: Sequence[int], *_: Any, out_shape: Sequence[int], **__: Any) -> int:
        return 2 * math.prod(out_shape) * math.prod(weight[1:])

    return {torch.ops.mkldnn._convolution_pointwise: flops} if hasattr(torch.ops, "mkldnn") else {}


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
    print(json.dumps(_main(sys.argv[1], Path(sys.argv[2]))))
