"""Fuzz what reads weights: a stranger's file ends in a codec or in a WeightsError, and asks for no memory that it does not fill.

    PYTHONPATH=src python fuzz/fuzz_weights.py --tries 2000

Tiny files of both codecs and of the autoencoder, damaged: bits and ends; in the header, shapes, types, offsets, names and
sizes that are large, wrong or nested; arrays that are not finite. A codec that comes of it must work, or say why not.
"""

from __future__ import annotations

import functools
import json
import random
import struct
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import seeded

from intaglio.codec import Codec
from intaglio.errors import WeightsError
from intaglio.testing import TinyModel
from intaglio.train.generated import picture

ODD: tuple[Any, ...] = (
    -1,
    0,
    1,
    7,
    1 << 20,
    1 << 31,
    1 << 40,
    1 << 63,
    2.5,
    "",
    "many",
    None,
    True,
    [],
    [[1]],
    {},
    {"a": {}},
)
TYPES = ("F64", "F32", "F16", "BF16", "F8_E4M3", "F8_E5M2", "I64", "I32", "I16", "I8", "U64", "U8", "BOOL", "C64", "X9")


@functools.cache
def whole(codec: str) -> bytes:
    with TemporaryDirectory() as folder:
        return TinyModel(codec).write(Path(folder) / "tiny.safetensors").read_bytes()


def forged(data: bytes, rng: random.Random) -> bytes:
    """With one to three lies in its header, or values in an array that are none."""
    (length,) = struct.unpack("<Q", data[:8])
    header, arrays = json.loads(data[8 : 8 + length]), bytearray(data[8 + length :])
    for _ in range(rng.randint(1, 3)):
        name = rng.choice([name for name in header if name != "__metadata__"])
        entry = header[name]
        match rng.randrange(9) if isinstance(entry, dict) and set(entry) == {"dtype", "shape", "data_offsets"} else 0:
            case 0:
                del header[name]
            case 1:
                header[rng.choice(("entropy.x", "lean.x", "a" * 999, "", "\0", name + "."))] = header.pop(name)
            case 2:
                entry["dtype"] = rng.choice(TYPES)
            case 3:
                entry["shape"] = rng.choice(([rng.choice(ODD) for _ in range(rng.randrange(5))], rng.choice(ODD)))
            case 4:
                entry["shape"] = [1] * rng.randrange(70) + entry["shape"][::-1]
            case 5:
                entry["data_offsets"] = [
                    rng.choice((*ODD, *entry["data_offsets"])) for _ in range(rng.choice((1, 2, 2, 2, 3)))
                ]
            case 6:
                header[name] = rng.choice(ODD)
            case 7:
                begin, end = entry["data_offsets"]
                arrays[begin:end] = rng.choice((b"\xff", b"\x7f", b"\0", b"\x7c", b"\x80")) * (end - begin)
            case _:
                meta = header["__metadata__"]
                key = rng.choice(("model", "stream", "config"))
                meta[key] = sizes(meta[key], rng) if key == "config" else str(rng.choice(ODD))
    text = json.dumps(header).encode()
    return struct.pack("<Q", rng.choice((len(text),) * 9 + (1 << 62,))) + text + arrays


def sizes(config: str, rng: random.Random) -> str:
    """The sizes of a model, one of them another; or brackets without end."""
    if rng.random() < 0.1:
        return "[" * 100_000
    try:
        values = json.loads(config)
        part = values[rng.choice(sorted(values))]
        part[rng.choice((*part, "more"))] = rng.choice(ODD)
    except (ValueError, TypeError, IndexError, KeyError, AttributeError):
        return "["
    return json.dumps(values)


def one(rng: random.Random) -> None:
    codec = rng.choice(("fasdiff", "cgdm"))
    data = whole(codec)
    data = forged(data, rng) if rng.random() < 0.7 else seeded.mutated(data[:40_000], rng) + data[40_000:]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "w.safetensors"
        path.write_bytes(data)
        try:
            model = Codec(codec, weights=path, device="cpu")
        except WeightsError:
            raise
        except Exception as error:
            raise AssertionError("no WeightsError") from error
    image = model.decompress(model.compress(picture(32, 1), quality=50), steps=1)
    assert np.asarray(image).shape == (32, 32, 3)


def main(argv: Sequence[str] | None = None) -> int:
    for codec in ("fasdiff", "cgdm"):  # what it takes to be there does not count
        TinyModel(codec).codec().compress(picture(32, 1), quality=50)
        whole(codec)
    return seeded.run(one, argv, tries=2000, megabytes=256, about=__doc__)


if __name__ == "__main__":
    sys.exit(main())
