"""Whether files made by an earlier version still decode to the same symbols and pixels, and pictures to the same files.

    PYTHONPATH=src python scripts/check_files.py FOLDER [--write]

FOLDER holds .itg files, bare ones named NAME-bare.itg. --write notes what this version makes of them in
FOLDER/manifest.json; without it, everything is compared with what is noted there, one line is printed for each difference,
and the exit code is 1 if there is any. Where a row of the manifest is given the "picture" that its file was made of, and
"how" (options of `Codec.compress`), the picture is coded again too. Pixels are those of one machine and precision: write and
compare on the same one.
"""

from __future__ import annotations

import argparse
import functools
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import intaglio
from intaglio import format as itg
from intaglio.entropy.stream import Stream, grid
from intaglio.entropy.wiring import SECTIONS
from intaglio.weights import codec_file

DRAWN: tuple[dict[str, Any], ...] = (
    {"steps": 1},
    {"steps": 4, "seed": 3},
    {"realism": 0.0},
    {"steps": 2, "realism": 0.5},
)
LARGE = 600 * 600  # pixels from which a picture is drawn in two ways only

stream_of = functools.cache(lambda codec: Stream((w := codec_file.read(codec)).entropy, w.frozen))
codec_of = functools.cache(intaglio.Codec)


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def symbols(data: bytes, codec: str, bare: bool) -> str:
    """Of the integers that a file's payload decodes to."""
    stream = stream_of(codec)
    header, payload = itg.read(data, seed_of=lambda _: stream.seed, bare=bare)
    cells = grid(header.height, header.width, header.scale)
    values = stream.decode(payload, header.quality, *cells, header.focus)
    return sha(b"".join(np.ascontiguousarray(getattr(values, s)).astype("<i8").tobytes() for s in SECTIONS))


def pixels(data: bytes, codec: str, bare: bool, how: dict[str, Any]) -> str:
    """Of a picture drawn in a way; "decoder" is the codec's."""
    how = dict(how)
    drawn = codec_of(codec, decoder=how.pop("decoder", "lean")).decompress(data, bare=bare, **how)
    return sha(np.asarray(drawn).tobytes())


def ways(width: int, height: int) -> list[dict[str, Any]]:
    """In which a picture of a size is drawn."""
    box = (width // 4, height // 3, width // 2 + 1, height // 2 + 1)
    whole: tuple[dict[str, Any], ...] = ({"steps": 2},) if width * height >= LARGE else DRAWN
    return [*whole, {"steps": 2, "box": box}]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--write", action="store_true", help="note what this version makes of the files")
    args = parser.parse_args()
    noted = args.folder / "manifest.json"
    if args.write:
        rows = []
        for file in sorted(args.folder.glob("*.itg")):
            data, bare = file.read_bytes(), file.stem.endswith("-bare")
            info = intaglio.inspect(data, bare=bare)
            drawn = {json.dumps(how): pixels(data, info.codec, bare, how) for how in ways(info.width, info.height)}
            rows.append(
                {"file": file.name, "codec": info.codec, "symbols": symbols(data, info.codec, bare), "pixels": drawn}
            )
        noted.write_text(json.dumps(rows, indent=1) + "\n")
        print(f"{noted}: {len(rows)} files")
        return 0
    different = 0
    rows = json.loads(noted.read_text())
    for row in rows:
        data, bare = (args.folder / row["file"]).read_bytes(), "-bare" in row["file"]
        checks = {"symbols": symbols(data, row["codec"], bare) == row["symbols"]}
        for how, wanted in row["pixels"].items():
            checks[f"pixels {how}"] = pixels(data, row["codec"], bare, json.loads(how)) == wanted
        if "picture" in row:
            image = Image.open(args.folder / row["picture"])
            checks[f"compress {row['how']}"] = codec_of(row["codec"]).compress(image, **row["how"]) == data
        for check, same in checks.items():
            if not same:
                different += 1
                print(f"{row['file']}: {check} differ")
    print(f"{len(rows)} files, {different} differences")
    return int(different > 0)


if __name__ == "__main__":
    sys.exit(main())
