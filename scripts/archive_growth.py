"""What `intaglio archive` costs beside the codec alone, as archives grow: pictures a second, overhead, memory.

PYTHONPATH=src python scripts/archive_growth.py --pictures 10000 300 --sides 64 1024 --engines pool/1 pool/2 ray/1 ray/2

For each number and side makes the pictures (synthetic, the same every time), compresses a tenth of them, 100 at most, in a
loop of one process and one thread, which is the codec alone, then all of them by each engine. The overhead is of the workers'
time from the first row to the last, beyond what they spend on pictures: reading, coding and writing them. It is little
touched by what else the machine does. Memory is the largest resident set of all processes of the run in the first and the
second half.

PYTHONPATH=src python scripts/archive_growth.py --rows 1000000

Measures the list alone: writing so many rows, merging them, and loading what a new run looks up.
"""

from __future__ import annotations

import argparse
import hashlib
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from PIL import Image

from intaglio.archive.archiving import BATCH
from intaglio.archive.manifest import MERGED_AT, Manifest, Row, key_of
from intaglio.train.generated import picture


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, nargs="+", default=[2000])
    parser.add_argument("--sides", type=int, nargs="+", default=[64], help="in pixels, one for each number of pictures")
    parser.add_argument("--codec", default="cgdm")
    parser.add_argument("--engines", nargs="+", default=["pool/1", "pool/2"], help="pool or ray, and how many workers")
    parser.add_argument("--rows", type=int, help="measure a list of so many rows, and nothing else")
    args = parser.parse_args()
    if args.rows:
        with tempfile.TemporaryDirectory() as name:
            measure_list(Path(name), args.rows)
        return
    for count, side in zip(args.pictures, args.sides, strict=True):
        with tempfile.TemporaryDirectory() as name:
            measure(Path(name), count, side, args.codec, args.engines)


def measure(root: Path, count: int, side: int, codec: str, engines: Sequence[str]) -> None:
    """Prints how fast so many pictures of a side are done by each engine."""
    for number in range(count):
        path = root / "in" / f"{number // 500:03}" / f"{number:06}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture(side, number % 200)).save(path, quality=90)
    alone = rate_alone(root / "in", codec, min(100, count // 10))
    print(f"the codec alone: {alone:.2f} a second, {count} pictures of {side}x{side}", flush=True)
    print("| engine | workers | a second | overhead | MB, first half | MB, second half |\n|---|---|---|---|---|---|")
    for engine in engines:
        kind, workers = engine.split("/")
        rate, over, early, late = run(root, kind, int(workers), codec)
        print(f"| {kind} | {workers} | {rate:.2f} | {over:+.1%} | {early:.0f} | {late:.0f} |", flush=True)


def measure_list(root: Path, count: int) -> None:
    """Prints seconds and bytes of a list of `count` rows."""
    manifest, start = Manifest(root), time.perf_counter()
    for first in range(0, count, BATCH):
        rows = [made_row(number) for number in range(first, min(first + BATCH, count))]
        manifest.add(rows)
        if first // BATCH % MERGED_AT == MERGED_AT - 1:
            manifest.merge()
    manifest.merge()
    print(f"written and merged: {(time.perf_counter() - start) / count * 1e6:.0f} microseconds a row")
    print(f"{sum(part.stat().st_size for part in manifest.parts()) / count:.0f} bytes a row")
    start = time.perf_counter()
    known = Manifest(root).known()
    print(f"loaded: {(time.perf_counter() - start) / count * 1e6:.1f} microseconds a row")
    start = time.perf_counter()
    assert all(known.has(made_row(number)["key"]) for number in range(min(count, 10_000)))
    print(f"looked up: {(time.perf_counter() - start) / min(count, 10_000) * 1e6:.0f} microseconds a picture")
    print(f"at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3:.0f} MB")


def made_row(number: int) -> Row:
    path = f"{number // 1000:06}/{number:09}.jpg"
    return {
        "path": path, "size": 100_000 + number, "stamp": str(1_700_000_000_000_000_000 + number),
        "key": key_of(path, 100_000 + number, "", ""), "result": path + ".itg", "bytes": 3000 + number % 999,
        "sha256": hashlib.sha256(path.encode()).hexdigest(), "codec": "cgdm", "quality": 128, "width": 1024, "height": 768,
        "seconds": number % 997 / 1000, "done": datetime.now(UTC),
    }  # fmt: skip


def rate_alone(folder: Path, codec: str, count: int) -> float:
    """Pictures a second of `Codec.compress` over so many behind ten more, with reading, and nothing written.

    In a process of its own.
    """
    code = (
        "import time; from pathlib import Path; from intaglio import Codec; from intaglio.networks.thread_count import limit\n"
        f"limit(1); codec = Codec({codec!r})\n"
        f"files = sorted(Path({str(folder)!r}).rglob('*.jpg'))[: 10 + {count}]\n"
        "for n, file in enumerate(files):\n"
        "    start = time.perf_counter() if n == 10 else start if n else 0\n"
        "    codec.compress(file)\n"
        "print((len(files) - 10) / (time.perf_counter() - start))"
    )
    return float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)


def run(root: Path, kind: str, workers: int, codec: str) -> tuple[float, float, float, float]:
    """Pictures a second, overhead, and the largest memory in megabytes of either half of the run."""
    target = root / f"out-{kind}-{workers}"
    line = ["archive", str(root / "in"), str(target), "--codec", codec]
    line += ["--engine", kind, "--jobs", str(workers), "--threads", "1", "--json", "--quiet"]
    process = subprocess.Popen([sys.executable, "-m", "intaglio", *line], stdout=subprocess.PIPE, text=True)
    memory = list[tuple[float, float]]()
    while process.poll() is None:
        memory.append((time.monotonic(), resident(process.pid)))
        time.sleep(0.5)
    assert process.stdout is not None
    process.stdout.read()
    middle = (memory[0][0] + memory[-1][0]) / 2
    early = max(size for moment, size in memory if moment <= middle)
    late = max(size for moment, size in memory if moment > middle)
    rows = sorted(Manifest(target).rows(), key=lambda row: row["done"])[workers:]
    first = min(row["done"] - timedelta(seconds=row["seconds"]) for row in rows)
    span = (rows[-1]["done"] - first).total_seconds()
    busy = sum(row["seconds"] for row in rows)
    return len(rows) / span, span * workers / busy - 1, early, late


def resident(pid: int) -> float:
    """Megabytes of a process and all below it."""
    total, waiting = 0, [pid]
    while waiting:
        folder = Path(f"/proc/{waiting.pop()}")
        try:
            total += int((folder / "statm").read_text().split()[1])
            waiting += [
                int(child) for task in (folder / "task").iterdir() for child in (task / "children").read_text().split()
            ]
        except OSError:
            continue
    return total * 4096 / 1e6


if __name__ == "__main__":
    main()
