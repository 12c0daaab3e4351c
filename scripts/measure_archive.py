"""How archives grow: pictures a second, what the archive costs over the bare codec, and memory, by engine and workers.

    python scripts/measure_archive.py OUT [--small 10000] [--large 300] [--engines pool ray] [--workers 1 2]

Small pictures are 96x96, large ones 1024x768, made here. The bare codec compresses a part of the same bytes in a loop in
one process, with as many threads as each worker has. Memory is the largest that the process which lists and writes the manifest
had, and how much more that is than at a tenth of the pictures.
"""

from __future__ import annotations

import argparse
import io
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from intaglio.archive import Compression, archive
from intaglio.archive.runs import Summary
from intaglio.bench.circumstances import facts
from intaglio.codec import Codec
from intaglio.options import CompressOptions

SIZES = {"small": (96, 96, 400), "large": (768, 1024, 4000)}  # rows, columns, bytes
BARE = 60  # pictures through the bare codec


def make(folder: Path, count: int, rows: int, columns: int) -> None:
    """Pictures of smooth shapes and grain, those that are not there yet."""
    for number in range(count):
        path = folder / f"{number // 1000:03d}" / f"{number:06d}.jpg"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            rng = np.random.default_rng(number)
            coarse = Image.fromarray(rng.integers(0, 255, (5, 6, 3), np.uint8)).resize(
                (columns, rows), Image.Resampling.BICUBIC
            )
            noisy = np.asarray(coarse, np.int16) + rng.integers(-8, 9, (rows, columns, 1), np.int16)
            Image.fromarray(noisy.clip(0, 255).astype(np.uint8)).save(path, quality=90)


def bare(folder: Path, size: int, threads: int) -> float:
    """Seconds a picture of the codec alone."""
    torch.set_num_threads(threads)
    codec = Codec("cgdm", device="cpu")
    files = [path.read_bytes() for path in sorted(folder.rglob("*.jpg"))[:BARE]]
    codec.compress(Image.open(io.BytesIO(files[0])), max_bytes=size)
    start = time.perf_counter()
    for data in files:
        codec.compress(Image.open(io.BytesIO(data)), max_bytes=size)
    return (time.perf_counter() - start) / len(files)


def run(folder: Path, out: Path, size: int, engine: str, workers: int) -> None:
    """One archive in this process: says its pictures a second after the first tenth, and megabytes then and at the end."""
    marks = list[tuple[int, float, float]]()

    def show(row: object, summary: Summary) -> None:
        marks.append((summary.done, time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024))

    task = Compression(CompressOptions(max_bytes=size), "cgdm", "cpu")
    archive(str(folder), str(out), task, workers=workers, engine=engine, show=show)  # type: ignore[arg-type]
    tenth = marks[len(marks) // 10]
    done, end, memory = marks[-1]
    print((done - tenth[0]) / (end - tenth[1]), tenth[2], memory)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--small", type=int, default=10_000)
    parser.add_argument("--large", type=int, default=300)
    parser.add_argument("--engines", nargs="+", default=["pool", "ray"])
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--one", nargs=4, metavar=("FOLDER", "SIZE", "ENGINE", "WORKERS"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        run(Path(args.one[0]), args.out, int(args.one[1]), args.one[2], int(args.one[3]))
        return
    print(facts(["cgdm"]))
    print("| pictures | engine | workers | pictures a second | over the bare codec | MB at a tenth | MB at the end |")
    print("|---|---|---|---|---|---|---|")
    for name, (rows, columns, size) in SIZES.items():
        count = getattr(args, name)
        folder = args.out / f"{name}-pictures"
        make(folder, count, rows, columns)
        for engine in args.engines:
            for workers in args.workers:
                alone = bare(folder, size, max(1, (os.cpu_count() or 1) // workers))
                line = [sys.executable, __file__, str(args.out / f"{name}-{engine}-{workers}")]
                line += ["--one", str(folder), str(size), engine, str(workers)]
                said = subprocess.run(line, capture_output=True, text=True, check=True).stdout.split()
                rate, tenth, end = map(float, said[-3:])
                over = workers / rate / alone - 1
                print(
                    f"| {count} {name} | {engine} | {workers} | {rate:.2f} | {over:+.1%} | {tenth:.0f} | {end:.0f} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
