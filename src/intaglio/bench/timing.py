"""Seconds and peak memory of a codec, in a fresh process with nothing beside it; the last part of a run.

python -m intaglio.bench.timing PICTURE.npy CODEC SETTING OPTIONS    prints one JSON object
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
from typing import Any

import numpy as np

from intaglio.bench import ours
from intaglio.bench.coded_files import Options
from intaglio.bench.results import Record
from intaglio.measures.measure import Rgb

REPEATS = 3
LONG = 10.0  # seconds, next to which warming up is nothing


def best_of(call: Callable[[], Any], repeats: int = REPEATS, long: float = LONG) -> tuple[float, Any]:
    """(seconds of the fastest of so many calls after one that warms up, what it returned); one call where it is `long`."""
    start = time.perf_counter()
    out, times = call(), []
    if (first := time.perf_counter() - start) > long:
        return first, out
    for _ in range(repeats):
        start = time.perf_counter()
        out = call()
        times.append(time.perf_counter() - start)
    return min(times), out


def apart(module: str, rgb: Rgb, *arguments: str) -> Record:
    """The JSON object that `python -m module PICTURE.npy ARGUMENTS...` prints, in a fresh process."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "picture.npy"
        np.save(file, rgb)
        process = subprocess.run(
            [sys.executable, "-m", module, str(file), *arguments],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},  # sees what this process does
        )
    row: Record = json.loads(process.stdout.splitlines()[-1])
    return row


def peak_memory() -> float:
    """Bytes that this process, or the largest of its children (a peer may be a program of its own), held at most."""
    import resource  # not on Windows

    unit = 1 if sys.platform == "darwin" else 1024
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    status = Path("/proc/self/status")
    if status.exists():  # Linux counts what a process was started from into the other figure
        own = next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM")) * 1024
    return float(max(own, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * unit))


def measure(codec: str, setting: float, rgb: Rgb, options: Options) -> Record:
    """Seconds to encode and to decode one picture, peak memory of the process, in a fresh one."""
    return apart("intaglio.bench.timing", rgb, codec, str(setting), json.dumps(asdict(options)))


def _main(file: Path, codec: str, setting: float, options: Options) -> Record:
    rgb = np.load(file)
    if codec in ours.NAMES:
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
    print(json.dumps(_main(Path(sys.argv[1]), sys.argv[2], float(sys.argv[3]), Options(**json.loads(sys.argv[4])))))
