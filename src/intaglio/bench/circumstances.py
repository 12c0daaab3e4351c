"""When, where and with what something was measured: what every document with figures says first."""

from __future__ import annotations

import datetime
import platform
import sys
from collections.abc import Sequence
from pathlib import Path

from intaglio import __version__
from intaglio.bench import ours


def processor() -> str:
    """The CPU's name and its vector instructions."""
    import torch

    name = platform.processor() or platform.machine()
    if Path("/proc/cpuinfo").exists():
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        name = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), name)
    return f"{name} ({torch.backends.cpu.get_cpu_capability()})"


def facts(mine: Sequence[str]) -> dict[str, str]:
    """Date, machine, versions, command and the weights of our codecs, each under the word to show before it."""
    import torch

    from intaglio.networks.precision import best_dtype

    device = "cuda" if torch.cuda.is_available() else "cpu"
    return {
        "date": datetime.date.today().isoformat(),
        "machine": f"{torch.cuda.get_device_name() if device == 'cuda' else processor()}, threads: {torch.get_num_threads()}",
        "precision": str(best_dtype(device)).removeprefix("torch."),
        "intaglio": __version__,
        "torch": torch.__version__,
        "python": platform.python_version(),
        "command": " ".join(["intaglio", *(Path(a).name if Path(a).is_absolute() else a for a in sys.argv[1:])]),
    } | {f"weights of {name}": ours.version(name) for name in mine}
