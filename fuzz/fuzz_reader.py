"""Fuzz the reader of .itg files: any bytes end in a header or in an IntaglioError.

    PYTHONPATH=src python fuzz/fuzz_reader.py --tries 100000

The same by coverage, where atheris is installed:

    pip install atheris
    PYTHONPATH=src python fuzz/fuzz_reader.py --atheris -max_total_time=300 -max_len=600

The first byte of an input chooses the profile. A checksum stops a fuzzer, so each header that parses is also written
anew, with the input as its payload, and must come back the same.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Sequence

import seeded

from intaglio.errors import IntaglioError, NewerVersion
from intaglio.format import Chunk, Header, peek, read, write

SEED = 0x9E3779B9


def one_input(data: bytes) -> None:
    bare, data = bool(data[:1] and data[0] & 1), data[1:]
    refusal = None
    try:
        read(data, seed_of=lambda header: SEED, bare=bare)
    except IntaglioError as error:
        refusal = error
    try:
        header = peek(data, bare=bare)
    except IntaglioError:
        raise refusal or AssertionError("read, and yet without a header") from None
    whole = write(header, data, seed=SEED, bare=bare)
    try:
        again = read(whole + b"padding", seed_of=lambda header: SEED, bare=bare, length=len(whole), max_pixels=1 << 32)
    except NewerVersion:
        assert any(chunk.critical for chunk in header.chunks)
    else:
        assert again == (header, data)


def one(rng: random.Random) -> None:
    """A whole file of any header, damaged; or noise behind a magic."""
    bare = rng.random() < 0.4
    if rng.random() < 0.2:
        one_input(bytes([bare]) + b"\x90I" + rng.randbytes(rng.randrange(40)))
        return
    sides = rng.choice(((512, 512), (rng.randint(1, 300), rng.randint(1, 70000) % 65535 + 1)))
    custom = not bare and rng.random() < 0.5
    header = Header(
        width=sides[0], height=sides[1], quality=rng.randrange(256), scale=rng.randrange(4), grey=rng.random() < 0.5,
        stream=255 if custom else rng.randint(1, 2), digest=rng.randbytes(8) if custom else None,
        chunks=tuple(Chunk(kind, rng.randbytes(rng.randrange(4))) for kind in sorted(rng.sample(range(256), rng.randrange(3)))),
    )  # fmt: skip
    whole = write(header, rng.randbytes(rng.randrange(60)), seed=SEED, bare=bare)
    one_input(bytes([bare]) + (seeded.mutated(whole, rng) if rng.random() < 0.9 else whole))


def main(argv: Sequence[str] | None = None) -> int:
    return seeded.run(one, argv, tries=100_000, megabytes=16, about=__doc__)


if __name__ == "__main__":
    if "--atheris" in sys.argv:
        import atheris

        sys.argv.remove("--atheris")
        atheris.instrument_all()
        atheris.Setup(sys.argv, one_input)
        atheris.Fuzz()
    sys.exit(main())
