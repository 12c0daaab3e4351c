"""Third part of a run: seconds and peak memory of every codec, each in a fresh process with nothing beside it.

python -m intaglio.bench.timing CODEC SETTING PICTURE.npy OPTIONS    prints one JSON object
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from intaglio.bench import ours
from intaglio.bench.coding import Options
from intaglio.bench.results import Record

if TYPE_CHECKING:
    from intaglio.bench.peers.peer import Rgb

REPEATS = 3
LONG = 10.0  # seconds, next to which warming up is nothing


def best_of(run: Callable[[], Any], repeats: int = REPEATS) -> tuple[float, Any]:
    """(seconds of the fastest of so many calls after one that warms up, what it returned); one call where it is LONG."""
    start = time.perf_counter()
    out, times = run(), []
    if (first := time.perf_counter() - start) > LONG:
        return first, out
    for _ in range(repeats):
        start = time.perf_counter()
        out = run()
        times.append(time.perf_counter() - start)
    return min(times), out


def environment() -> dict[str, str]:
    """For a fresh Python that finds what this one does."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}


def measure(codec: str, mine: bool, setting: float, rgb: Rgb, options: Options) -> Record:
    """Seconds to encode and to decode one picture, peak memory of the process, in a fresh one."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "picture.npy"
        np.save(file, rgb)
        said = json.dumps(asdict(options) | {"mine": mine})
        done = subprocess.run(
            [sys.executable, "-m", "intaglio.bench.timing", codec, str(setting), str(file), said],
            capture_output=True,
            text=True,
            check=True,
            env=environment(),
        )
    found: Record = json.loads(done.stdout.splitlines()[-1])
    return found


def peak_memory() -> float:
    """Bytes that this process, or the largest of its children (a peer may be a program of its own), held at most."""
    import resource  # not on Windows

    unit = 1 if sys.platform == "darwin" else 1024
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    status = Path("/proc/self/status")
    if status.exists():  # Linux counts what a process was started from into the other figure
        own = next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM")) * 1024
    return float(max(own, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * unit))


def _main(codec: str, setting: float, file: Path, said: dict[str, Any]) -> Record:
    rgb, mine = np.load(file), said.pop("mine")
    options = Options(**said)
    if mine:
        limit = ours.target(setting, rgb, options.bpp)
        encode_s, data = best_of(lambda: ours.encode(codec, rgb, limit, options.effort))
        decode_s, _ = best_of(lambda: ours.decode(codec, data, options.steps, options.realism))
    else:
        from intaglio.bench import peers

        peer = peers.available([codec])[0][0]
        encode_s, data = best_of(lambda: peer.encode(rgb, setting))
        decode_s, _ = best_of(lambda: peer.decode(data, *rgb.shape[:2]))
    return {
        "codec": codec,
        "setting": setting,
        "height": rgb.shape[0],
        "width": rgb.shape[1],
        "bytes": len(data),
        "encode_s": encode_s,
        "decode_s": decode_s,
        "peak_mb": peak_memory() / 1e6,
    }


if __name__ == "__main__":
    print(json.dumps(_main(sys.argv[1], float(sys.argv[2]), Path(sys.argv[3]), json.loads(sys.argv[4]))))
