"""Fuzz the reader of cards: any symbol ends in what was signed, exactly, or in an IntaglioError.

    PYTHONPATH=src python fuzz/fuzz_symbols.py --tries 10000

Signed cards of every wrap are damaged as bytes, as bytes with their checksum put right, and as modules, and printed as one
of the four symbols; others are noise. The keys are given, so whatever is accepted must be what the card said.
"""

from __future__ import annotations

import functools
import random
import sys
import tempfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np
import seeded
from PIL import Image

from intaglio import format, info
from intaglio.barcode import Keyring, Layout, Symbol, keyring, make, read
from intaglio.barcode.printing import raster
from intaglio.barcode.symbols import KINDS, Content, Modules, TooLong, encode
from intaglio.barcode.wraps import WRAPS

DAY = date(2031, 5, 17)
PIXELS = 2  # of a module: few, for time


@functools.cache
def cards() -> tuple[Keyring, list[Symbol]]:
    """Keys of both algorithms, and cards of each wrap that they signed, two of them bare and first."""
    portrait = Image.fromarray(np.random.default_rng(5).integers(0, 256, (4, 3, 3), dtype=np.uint8)).resize((48, 64))
    made = []
    with tempfile.TemporaryDirectory() as folder:
        for algorithm in ("ed25519", "es256"):
            keyring.new(Path(folder, f"{algorithm}.pem"), algorithm)
        for wrap in WRAPS:
            claims = {"full_name": "Ada"} if wrap == "claim169" else {"country": "D<<"}
            for algorithm in ("es256",) if wrap == "idb" else ("ed25519", "es256"):
                beside = {"text": "Ada"} if wrap == "bare" else {"claims": claims}
                key = Path(folder, f"{algorithm}.pem")
                layout = Layout(portrait=200)
                made.append(make(portrait, layout, wrap=wrap, expires=DAY, key=key, codec="webp", frame=None, **beside))
        return Keyring.of(folder), made


def one(rng: random.Random) -> None:
    ring, genuine = cards()
    card = rng.choice(genuine)
    match rng.randrange(5):
        case 0:
            modules = _printed(rng.randbytes(rng.randrange(1, 300)), rng)
        case 1:
            modules = _scratched(card.modules, rng)
        case 2:
            modules = _printed(_forged(rng.choice(genuine[:2]).content, rng), rng)
        case 3:
            modules = np.array([[rng.random() < 0.5 for _ in range(57)] for _ in range(57)])
        case _:
            modules = _printed(seeded.mutated(card.content, rng) or b"0", rng)
    reading = read(raster(modules, 4, PIXELS), keys=ring, today=DAY)
    assert reading.verified
    assert (reading.portrait, reading.expires) in [(symbol.portrait, DAY) for symbol in genuine]
    assert reading.text == "Ada" or dict(reading.claims) in ({"full_name": "Ada"}, {"country": "D<<"})


def _printed(content: bytes, rng: random.Random) -> Modules:
    name = rng.choice(list(KINDS))
    text: Content = content.decode() if content.isascii() and rng.random() < 0.5 and b"\0" not in content else content
    try:
        return encode(name, text, KINDS[name].level)
    except TooLong:
        return encode("qr", content, "L")


def _scratched(modules: Modules, rng: random.Random) -> Modules:
    """With modules turned over, here and there or in a block."""
    out, (height, width) = modules.copy(), modules.shape
    if rng.random() < 0.5:
        for _ in range(rng.randrange(height * width // 8)):
            out[rng.randrange(height), rng.randrange(width)] ^= True
    else:
        side = rng.randrange(1, height // 2)
        top, left = rng.randrange(height - side), rng.randrange(width - side)
        out[top : top + side, left : left + side] = rng.random() < 0.5
    return out


def _forged(content: bytes, rng: random.Random) -> bytes:
    """Something else behind the same header and chunks, with a checksum that fits."""
    header, payload = format.read(content, seed_of=info.seed_of, bare=True)
    chunks = tuple(
        format.Chunk(c.kind, seeded.mutated(c.data, rng) if rng.random() < 0.5 else c.data) for c in header.chunks
    )
    forged = format.Header(header.width, header.height, header.quality, header.stream, chunks=chunks)
    data = seeded.mutated(payload, rng) if chunks == header.chunks or rng.random() < 0.5 else payload
    return format.write(forged, data, seed=info.seed_of(forged), bare=True)


def main(argv: Sequence[str] | None = None) -> int:
    cards()  # what the libraries take is no growth
    return seeded.run(one, argv, tries=10_000, megabytes=256, about=__doc__)


if __name__ == "__main__":
    sys.exit(main())
