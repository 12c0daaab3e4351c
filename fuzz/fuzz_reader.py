"""Fuzz the reader of .itg files: any bytes end in a header or in an IntaglioError.

    pip install atheris
    PYTHONPATH=src python fuzz/fuzz_reader.py -max_total_time=300 -max_len=600

The first byte of an input chooses the profile. A checksum stops a fuzzer, so each header that parses is also written
anew, with the input as its payload, and must come back the same.
"""

import sys
from contextlib import suppress

import atheris

with atheris.instrument_imports():
    from intaglio.errors import IntaglioError, NewerVersion
    from intaglio.format import peek, read, write

SEED = 0x9E3779B9


def one_input(data: bytes) -> None:
    bare, data = bool(data[:1] and data[0] & 1), data[1:]
    with suppress(IntaglioError):
        read(data, seed_of=lambda header: SEED, bare=bare)
    try:
        header = peek(data, bare=bare)
    except IntaglioError:
        return
    whole = write(header, data, seed=SEED, bare=bare)
    try:
        again = read(whole + b"padding", seed_of=lambda header: SEED, bare=bare, length=len(whole), max_pixels=1 << 32)
    except NewerVersion:
        assert any(chunk.critical for chunk in header.chunks)
    else:
        assert again == (header, data)


if __name__ == "__main__":
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
