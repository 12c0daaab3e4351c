"""Whole processes of each engine and of what is known, in turn: seconds on the clock and of the processor, and memory.

    PYTHONPATH=src python scripts/measure_engines.py --sides 256 512 2048 --pairs 3

Each draws and codes the bundled portrait, cut to a square: ours at 256 a side with fasdiff to 400 bytes, else with cgdm at
the same bytes a pixel; JPEG XL and AVIF, where Debian's libjxl-tools and libavif-bin are installed, at a low quality, which
takes many times the bytes. `warm` is the second call in one process. PyTorch is measured where it is installed.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image

import intaglio

ENGINES = {"onnx": [], "torch": ["--device", "cpu"]}
OTHERS = {
    "cjxl, djxl": (["cjxl", "{png}", "{file}.jxl", "-q", "20"], ["djxl", "{file}.jxl", "{out}"]),
    "avifenc, avifdec": (["avifenc", "--min", "45", "--max", "55", "{png}", "{file}.avif"], ["avifdec", "{file}.avif", "{out}"]),
}  # fmt: skip
WAYS = ("compress", "decompress")
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


def cold(command: list[str]) -> tuple[float, float, float]:
    """Seconds on the clock, seconds of the processor, and MB at most, of one run of a command."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} failed")
    return time.perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def warm(source: Path, codec: str, size: int, device: str) -> list[float]:
    """Seconds to compress and to decompress."""
    command = [sys.executable, "-c", WARM, str(source), codec, str(size), device]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [float(seconds) for seconds in done.stdout.split()]


def commands(codec: str, size: int, place: Path) -> dict[str, tuple[list[str], list[str]]]:
    """Of each that is installed, how it compresses and decompresses."""
    names = {"png": str(place / "p.png"), "file": str(place / "p"), "out": str(place / "o.png")}
    rows = {
        name: tuple([part.format(**names) for part in command] for command in pair)
        for name, pair in OTHERS.items()
        if all(shutil.which(command[0]) for command in pair)
    }
    for engine, choice in ENGINES.items():
        if engine == "torch" and importlib.util.find_spec("torch") is None:
            continue
        ours, file = [sys.executable, "-m", "intaglio"], str(place / f"{engine}.itg")
        coding = ["--codec", codec, "--bytes", str(size), "--focus", "off", "--force", "--quiet", *choice]
        drawing = ["--force", "--quiet", *choice]
        rows[engine] = (
            [*ours, "compress", names["png"], file, *coding],
            [*ours, "decompress", file, names["out"], *drawing],
        )
    return {name: (pair[0], pair[1]) for name, pair in rows.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--sides", type=int, nargs="+", default=[256, 512])
    parser.add_argument("--pairs", type=int, default=3)
    args = parser.parse_args()
    print("| side | engine | way | cold, s | processor, s | memory, MB | warm, s |\n|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        for side in args.sides:
            codec, size = ("fasdiff", 400) if side <= 256 else ("cgdm", 400 * side * side // 256**2)
            with Image.open(PORTRAIT) as image:
                image.convert("RGB").crop((96, 0, 352, 256)).resize((side, side)).save(place / "p.png")
            rows = commands(codec, size, place)
            runs: dict[tuple[str, int], list[tuple[float, float, float]]] = {}
            for number in range(len(WAYS)):
                for _ in range(args.pairs):
                    for name, pair in rows.items():
                        runs.setdefault((name, number), []).append(cold(pair[number]))
            for name in rows:
                again = (
                    warm(place / "p.png", codec, size, (ENGINES[name] or [""])[-1]) if name in ENGINES else [None, None]
                )
                for number, way in enumerate(WAYS):
                    clock, processor, memory = (statistics.median(column) for column in zip(*runs[name, number]))
                    second = "" if again[number] is None else f"{again[number]:.2f}"
                    print(
                        f"| {side} | {name} | {way} | {clock:.2f} | {processor:.2f} | {memory:.0f} | {second} |",
                        flush=True,
                    )


if __name__ == "__main__":
    main()
