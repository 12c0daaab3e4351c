"""The symbol is a bare .itg file and nothing else: text, last day and signature are chunks of it (docs/format.md).

The signature is over the file without the chunk `signature`, behind a word that says what it is for, the algorithm and
the key's id: no other signature of the same key can be taken for it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from intaglio import format, info
from intaglio.barcode.card import EPOCH, Card, Opened
from intaglio.barcode.failures import NotOurs
from intaglio.barcode.signing import ALGORITHMS, ID, LENGTH, Signature, Signer
from intaglio.errors import FormatError, LimitExceeded, MissingModel, OptionError
from intaglio.format.chunks import EXPIRY, SIGNATURE, TEXT, Chunk

_PURPOSE = b"intaglio bare file 1"
_MAX_DAYS = 0xFFFF


def pack(portrait: bytes, card: Card, signer: Signer | None) -> bytes:
    """The content of a symbol. Raises OptionError for claims, which it has no place for, or a day after 2149."""
    if card.claims:
        raise OptionError("claims need a wrap that has fields for them: claim169 or idb")
    header, payload = format.read(portrait, seed_of=info.seed_of, bare=True)
    chunks = list(header.chunks)
    if card.text:
        chunks.append(Chunk(TEXT, card.text.encode()))
    if card.expires:
        chunks.append(Chunk(EXPIRY, _days(card.expires).to_bytes(2, "big")))
    if signer:
        key = bytes([1 + ALGORITHMS.index(signer.algorithm)]) + signer.key_id
        value = signer.sign(_PURPOSE + key + _file(header, payload, chunks))
        chunks.append(Chunk(SIGNATURE, key + value))
    return _file(header, payload, chunks)


def unpack(content: bytes) -> Opened:
    """What a content holds. Raises NotOurs: it is no bare file, as its checksum of 16 bits tells."""
    try:
        header, payload = format.read(content, seed_of=info.seed_of, bare=True)
    except (FormatError, MissingModel, LimitExceeded) as error:
        raise NotOurs(f"the symbol holds {len(content)} bytes that are no portrait of ours: {error}") from error
    text, last, mark = (header.chunk(kind) for kind in (TEXT, EXPIRY, SIGNATURE))
    try:
        expires = None if last is None else EPOCH + timedelta(int.from_bytes(last, "big"))
        card = Card((text or b"").decode(), {}, expires)
    except (UnicodeDecodeError, OverflowError) as error:
        raise NotOurs("the symbol's text or last day cannot be read") from error
    signature = None
    if mark is not None:
        if len(mark) != 1 + ID + LENGTH or not 1 <= mark[0] <= len(ALGORITHMS):
            raise NotOurs(
                "the symbol's signature is of a kind not known here: `pip install --upgrade intaglio` may help"
            )
        key, value = mark[: 1 + ID], mark[1 + ID :]
        message = _PURPOSE + key + _file(header, payload, [c for c in header.chunks if c.kind != SIGNATURE])
        signature = Signature(ALGORITHMS[mark[0] - 1], key[1:], message, value)
    rest = [chunk for chunk in header.chunks if chunk.kind not in (TEXT, EXPIRY, SIGNATURE)]
    return Opened("bare", _file(header, payload, rest), card, signature)


def _file(header: format.Header, payload: bytes, chunks: list[Chunk]) -> bytes:
    """The bare file of a header with these chunks in place of its own."""
    header = replace(header, chunks=tuple(sorted(chunks, key=lambda chunk: chunk.kind)))
    return format.write(header, payload, seed=info.seed_of(header), bare=True)


def _days(day: date) -> int:
    days = (day - EPOCH).days
    if not 0 <= days <= _MAX_DAYS:
        raise OptionError(f"the last day is {day}, allowed are {EPOCH} to {EPOCH + timedelta(_MAX_DAYS)}")
    return days
