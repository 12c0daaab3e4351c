"""Whole processes of each engine, in alternating pairs: seconds on the clock and of the processor, and memory.

    PYTHONPATH=src python scripts/measure_engines.py --sides 256 512 2048 --pairs 3        # needs torch and onnxruntime

Each engine draws and codes the bundled portrait, cut to a square: at 256 a side with fasdiff to 400 bytes, else with cgdm
at the same bytes a pixel. `warm` is the second call in one process.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image

import intaglio

ENGINES = {"onnx": [], "torch": ["--device", "cpu"]}
PORTRAIT = Path(intaglio.__file__).parent / "data/astronaut.png"
WARM = """
import sys, time, intaglio
source, codec, size, device = sys.argv[1:]
codec = intaglio.Codec(codec, device=device or None)
for _ in range(2):
    start = time.perf_counter()
    data = codec.compress(source, max_bytes=int(size), focus="off")
    middle = time.perf_counter()
    codec.decompress(data).load()
    end = time.perf_counter()
print(middle - start, end - middle)
"""


def cold(*arguments: str) -> tuple[float, float, float]:
    """Seconds on the clock, seconds of the processor, and MB at most, of one run of the command."""
    start = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", "intaglio", *arguments, "--force", "--quiet"])
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{arguments[0]} failed")
    return time.perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def warm(source: Path, codec: str, size: int, device: str) -> tuple[float, float]:
    """Seconds to compress and to decompress."""
    done = subprocess.run(
        [sys.executable, "-c", WARM, str(source), codec, str(size), device], capture_output=True, text=True, check=True
    )
    compress, decompress = map(float, done.stdout.split())
    return compress, decompress


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--sides", type=int, nargs="+", default=[256, 512])
    parser.add_argument("--pairs", type=int, default=3)
    args = parser.parse_args()
    print("| side | engine | way | cold, s | processor, s | memory, MB | warm, s |\n|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as place:
        for side in args.sides:
            codec, size = ("fasdiff", 400) if side <= 256 else ("cgdm", 400 * side * side // 256**2)
            picture, file = Path(place) / "p.png", Path(place) / "p.itg"
            with Image.open(PORTRAIT) as image:
                image.convert("RGB").crop((96, 0, 352, 256)).resize((side, side)).save(picture)
            ways = {
                "compress": [
                    "compress",
                    str(picture),
                    str(file),
                    "--codec",
                    codec,
                    "--bytes",
                    str(size),
                    "--focus",
                    "off",
                ],
                "decompress": ["decompress", str(file), str(Path(place) / "o.png")],
            }
            for number, (way, arguments) in enumerate(ways.items()):
                runs: dict[str, list[tuple[float, float, float]]] = {engine: [] for engine in ENGINES}
                for _ in range(args.pairs):
                    for engine, choice in ENGINES.items():
                        runs[engine].append(cold(*arguments, *choice))
                for engine, choice in ENGINES.items():
                    clock, processor, memory = (statistics.median(column) for column in zip(*runs[engine]))
                    again = warm(picture, codec, size, choice[-1] if choice else "")[number]
                    row = f"{clock:.2f} | {processor:.2f} | {memory:.0f} | {again:.2f}"
                    print(f"| {side} | {engine} | {way} | {row} |", flush=True)


if __name__ == "__main__":
    main()
