"""Codes pictures of many sizes, and holds the web reader's integers to Python's; both codecs, all scales, with and without focus.

PYTHONPATH=src python scripts/check_reader.py --files 200            # needs node
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from intaglio import Codec, format
from intaglio.entropy.stream import Stream, grid
from intaglio.entropy.wiring import SECTIONS
from intaglio.options import Focus
from intaglio.weights import codec_file

ROOT = Path(__file__).parent.parent
READER = ROOT / "web/tools/symbols.js"


def here(stream: Stream, data: bytes) -> str:
    """The hash of a file's integers."""
    header, payload = format.read(data, seed_of=lambda header: stream.seed)
    size = grid(header.height, header.width, header.halvings)
    values = stream.decode(payload, header.quality, *size, header.focus)
    flat = [np.ascontiguousarray(getattr(values, name), np.int32).tobytes() for name in SECTIONS]
    return hashlib.sha256(b"".join(flat)).hexdigest()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--files", type=int, default=200)
    count = parser.parse_args().files
    rng = np.random.default_rng(7)
    portrait = Image.open(ROOT / "src/intaglio/data/astronaut.png").convert("RGB")
    for name in ("fasdiff", "cgdm"):
        codec, weights = Codec(name), codec_file.default(name)
        stream, scales, focused = Stream.of(codec_file.read(name)), set[int](), 0
        with tempfile.TemporaryDirectory() as folder:
            files, hashes = list[str](), list[str]()
            for i in range(count // 2):
                left, top = rng.integers(0, 300, 2)
                picture = portrait.crop((left, top, left + rng.integers(40, 210), top + rng.integers(40, 210)))
                focus: Focus = "face" if name == "fasdiff" and i % 3 == 0 else "off"
                if i % 2:
                    data = codec.compress(picture, quality=float(rng.uniform(1, 100)), focus=focus)
                else:
                    factor = int(rng.integers(1, 6))
                    picture = picture.resize((picture.width * factor, picture.height * factor))
                    data = codec.compress(picture, max_bytes=int(rng.integers(150, 500)), focus=focus)
                header = format.peek(data)
                if header.faces:
                    continue
                scales.add(header.halvings)
                focused += header.focus
                file = Path(folder) / f"{i}.itg"
                file.write_bytes(data)
                files.append(str(file))
                hashes.append(here(stream, data))
            done = subprocess.run(
                ["node", str(READER), str(weights), str(stream.seed), *files],
                capture_output=True,
                text=True,
                check=True,
            )
        same = sum(a == b for a, b in zip(hashes, done.stdout.split(), strict=True))
        print(
            f"{name}: {same} of {len(files)} files alike, coded scales {sorted(scales)}, {focused} with a focus",
            flush=True,
        )
        if same < len(files):
            raise SystemExit("the reader's integers differ")


if __name__ == "__main__":
    main()
