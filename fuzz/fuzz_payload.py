"""Fuzz what lies behind the checksum: payloads of any kind with a right one end in a picture or in an IntaglioError.

    PYTHONPATH=src python fuzz/fuzz_payload.py --tries 5000

By tiny models of both codecs, which read and draw as the released ones do.
"""

from __future__ import annotations

import functools
import random
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import seeded

from intaglio.codec import Codec
from intaglio.entropy.stream import Stream
from intaglio.format import Chunk, Header, read, write
from intaglio.format.chunks import FOCUS
from intaglio.testing import TinyModel
from intaglio.train.generated import picture
from intaglio.weights import codec_file

SIDES = (1, 8, 31, 33, 64, 96)


@functools.cache
def tiny(name: str) -> tuple[Codec, Stream, list[bytes]]:
    """A tiny codec, its stream, and payloads that it has made."""
    with TemporaryDirectory() as folder:
        path = TinyModel(name).write(Path(folder) / "tiny.safetensors")
        codec, stream = Codec(name, weights=path, device="cpu"), Stream.of(codec_file.read(name, path))
    files = [codec.compress(picture(side, side), quality=side) for side in SIDES]
    return codec, stream, [read(file, seed_of=lambda header: stream.seed)[1] for file in files]


def one(rng: random.Random) -> None:
    name = rng.choice(("fasdiff", "cgdm"))
    codec, stream, payloads = tiny(name)
    header = Header(
        width=rng.choice(SIDES), height=rng.choice(SIDES), quality=rng.randrange(256), scale=rng.randrange(4),
        stream=255, digest=stream.digest, grey=rng.random() < 0.2,
        chunks=(Chunk(FOCUS, b""),) if rng.random() < 0.2 else (),
    )  # fmt: skip
    forged = rng.choice((seeded.mutated(rng.choice(payloads), rng), rng.randbytes(rng.randrange(300)), b"\xff" * 99))
    whole = write(header, forged, seed=stream.seed)
    # Without salvage nearly all end in Corrupt, for a payload must end where its picture does.
    image = codec.decompress(whole, steps=1, realism=rng.choice((0.0, 1.0)), salvage=rng.random() < 0.6)
    assert image.size == (header.width, header.height)


def main(argv: Sequence[str] | None = None) -> int:
    for name in ("fasdiff", "cgdm"):  # what it takes to be there does not count
        codec, _, _ = tiny(name)
        codec.decompress(codec.compress(picture(96, 1), quality=50))
    return seeded.run(one, argv, tries=5000, megabytes=64, about=__doc__)


if __name__ == "__main__":
    sys.exit(main())
