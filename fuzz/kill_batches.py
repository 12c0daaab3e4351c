"""Kill a batch again and again (SIGKILL, at random moments): no file is half-written, and nothing is left behind.

    PYTHONPATH=src python fuzz/kill_batches.py --kills 40

Tiny models compress and draw a folder of pictures in one process or in two. After each kill, what has its name is whole:
byte for byte what an undisturbed run makes. After the last, `--skip-existing` finishes, and the folder holds its results alone.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from intaglio.testing import TinyModel
from intaglio.train.generated import picture

PICTURES = 24


def main(argv: Sequence[str] | None = None) -> int:
    top = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    top.add_argument("--kills", type=int, default=40, metavar="N", help="default 40")
    top.add_argument("--pictures", type=int, default=PICTURES, metavar="N", help=f"of a batch, default {PICTURES}")
    top.add_argument("--seed", type=int, default=0, metavar="N")
    args = top.parse_args(argv)
    rng = random.Random(args.seed)
    with tempfile.TemporaryDirectory() as folder:
        return Trial(Path(folder), args.pictures).run(rng, args.kills)


class Trial:
    """Pictures, what becomes of them undisturbed, and runs that are killed."""

    def __init__(self, root: Path, pictures: int) -> None:
        self.root = root
        weights = TinyModel().write(root / "tiny.safetensors")
        self.environment = os.environ | {
            "INTAGLIO_FASDIFF": str(weights),
            "OMP_NUM_THREADS": "1",
            "PYTHONPATH": os.pathsep.join(sys.path),
        }
        (root / "in").mkdir()
        for number in range(pictures):
            Image.fromarray(picture(64, number)).save(root / "in" / f"{number}.png")
        self.lines = {
            "itg": ["compress", "in", "-o", "itg/", "--codec", "fasdiff", "--effort", "1"],
            "png": ["decompress", "right-itg", "-o", "png/"],
        }
        start = time.perf_counter()
        for name, line in self.lines.items():
            self.finish([*line[:3], f"right-{name}/", *line[4:]])
        self.seconds = (time.perf_counter() - start) / 2

    def run(self, rng: random.Random, kills: int) -> int:
        left = 0
        for number in range(kills):
            name, jobs = rng.choice(sorted(self.lines)), rng.choice(("1", "2"))
            self.kill([*self.lines[name], "--jobs", jobs, "--force"], rng.uniform(0.3, 1.1) * self.seconds)
            left += len(self.strange(name))
            if wrong := self.wrong(name):
                print(f"after kill {number} of {name}, not whole: {', '.join(wrong)}", file=sys.stderr)
                return 1
        for name, line in self.lines.items():
            self.finish([*line, "--skip-existing"])
            if self.wrong(name) or self.strange(name) or len(self.files(name)) != len(self.files("in")):
                print(f"{name}: {self.wrong(name)} wrong, {self.strange(name)} left behind", file=sys.stderr)
                return 1
        print(f"{kills} kills, {left} temporary files left by them; after the next run all files are right and alone")
        return 0

    def kill(self, line: Sequence[str], after: float) -> None:
        command = subprocess.Popen(
            [sys.executable, "-m", "intaglio", *line],
            cwd=self.root, env=self.environment, start_new_session=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        time.sleep(after)
        os.killpg(command.pid, signal.SIGKILL)
        command.wait()

    def finish(self, line: Sequence[str]) -> None:
        command = [sys.executable, "-m", "intaglio", *line, "--quiet"]
        subprocess.run(command, cwd=self.root, env=self.environment, check=True)

    def files(self, name: str) -> list[Path]:
        return sorted((self.root / name).iterdir()) if (self.root / name).exists() else []

    def strange(self, name: str) -> list[str]:
        return [file.name for file in self.files(name) if file.name.startswith(".")]

    def wrong(self, name: str) -> list[str]:
        """Files that have their name, and not their bytes."""
        right = self.root / f"right-{name}"
        whole = [file for file in self.files(name) if not file.name.startswith(".")]
        return [file.name for file in whole if file.read_bytes() != (right / file.name).read_bytes()]


if __name__ == "__main__":
    sys.exit(main())
