"""ICAO Datastructure for Barcode, version 1: "NDB1", a flag, and header, messages and signature in Base32 (RFC 4648).

The portrait is the message FACE_IMAGE (80), a bare .itg file. Signed are header and messages, by ES256. The format names a
certificate by 5 bytes; we have none, and write a zero and the 4 bytes of the key's id.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterator
from datetime import UTC, date, datetime

from intaglio.barcode.card import Card, Opened
from intaglio.barcode.failures import NotOurs
from intaglio.barcode.signing import ES256, ID, Signature, Signer
from intaglio.errors import OptionError

START = b"NDB1"
_FLAGS = b"ABCD"  # plus 1: signed, plus 2: zlib
_MESSAGES, _SIGNATURE, _FACE, _LAST_DAY = 0x61, 0x7F, 0x80, 0x84
FIELDS = {"mrz_td1": 0x07, "mrz_td3": 0x08, "can": 0x09, "mrz_td2": 0x81, "document_number": 0x85}  # all C40
COUNTRY = "country"
NOWHERE = "UTO"  # ICAO's Utopia, of specimens
_SHA256_ECDSA = 1
_PLAIN, _SIGNED = 2, 12  # bytes of the header
_C40 = " 0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"  # values 3 to 39
_LARGEST = 1 << 16  # bytes behind zlib


def pack(portrait: bytes, card: Card, signer: Signer | None) -> str:
    """The content of a symbol. Raises OptionError: a text, a claim that is none, or a key of another algorithm."""
    if card.text:
        raise OptionError("idb has no place for a text: give its claims")
    if unknown := sorted(set(card.claims) - set(FIELDS) - {COUNTRY}):
        raise OptionError(f"idb has no claim {unknown[0]!r}: known are {', '.join([COUNTRY, *FIELDS])}")
    if signer and signer.algorithm != ES256:
        raise OptionError("idb is signed by ES256: `intaglio keys new --algorithm es256` makes such a key")
    country = str(card.claims.get(COUNTRY, NOWHERE))
    if len(country) != 3:
        raise OptionError(f"country is {country!r}, and idb wants its three letters (D<< for Germany)")
    messages = {tag: _packed(str(card.claims[name])) for name, tag in FIELDS.items() if name in card.claims}
    messages[_FACE] = portrait
    if card.expires:
        messages[_LAST_DAY] = _date(card.expires)
    header = _packed(country)
    if signer:
        header += bytes([_SHA256_ECDSA, 0]) + signer.key_id + _date(datetime.now(UTC).date())
    body = header + _tlv(_MESSAGES, b"".join(_tlv(tag, messages[tag]) for tag in sorted(messages)))
    if signer:
        body += _tlv(_SIGNATURE, signer.sign(body))
    flag = _FLAGS[1 if signer else 0 : 2 if signer else 1]
    return (START + flag + base64.b32encode(body).rstrip(b"=")).decode()


def unpack(content: bytes) -> Opened:
    """What a content holds. Raises NotOurs: it is none of these, or has no face."""
    try:
        flag = _FLAGS.index(content[len(START) : len(START) + 1])
        text = content[len(START) + 1 :]
        body = base64.b32decode(text + b"=" * (-len(text) % 8))
        if flag & 2:
            body = zlib.decompressobj().decompress(body, _LARGEST)
        header = body[: _SIGNED if flag & 1 else _PLAIN]
        parts = dict(_tlvs(body[len(header) :]))
        messages = dict(_tlvs(parts[_MESSAGES]))
        claims = {name: _unpacked(messages[tag]) for name, tag in FIELDS.items() if tag in messages}
        last = _day(messages[_LAST_DAY]) if _LAST_DAY in messages else None
        card = Card("", {COUNTRY: _unpacked(header[:_PLAIN])} | claims, last)
        signature = _signature(header, body, parts.get(_SIGNATURE, b"")) if flag & 1 else None
        return Opened("idb", messages[_FACE], card, signature)
    except (ValueError, LookupError, zlib.error) as error:
        raise NotOurs("the symbol holds no ICAO Datastructure for Barcode with a face") from error


def _signature(header: bytes, body: bytes, value: bytes) -> Signature:
    algorithm = ES256 if header[_PLAIN] == _SHA256_ECDSA else ""
    return Signature(algorithm, header[_PLAIN + 2 : _PLAIN + 2 + ID], body[: -len(_tlv(_SIGNATURE, value))], value)


def _tlv(tag: int, value: bytes) -> bytes:
    """Tag, length as DER has it, value."""
    size = len(value)
    length = size.to_bytes(1 if size <= 0xFF else 2, "big")
    return bytes([tag]) + (length if size < 0x80 else bytes([0x80 + len(length)]) + length) + value


def _tlvs(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Every (tag, value). Raises ValueError or IndexError: they do not fill the data."""
    at = 0
    while at < len(data):
        tag, size, at = data[at], data[at + 1], at + 2
        if size >= 0x80:
            digits = size - 0x80
            size, at = int.from_bytes(data[at : at + digits], "big"), at + digits
        if at + size > len(data):
            raise ValueError("cut short")
        yield tag, data[at : at + size]
        at += size


def _packed(text: str) -> bytes:
    """C40, as Doc 9303 has it: three characters in two bytes; the last one or two alone are padded or go as they are."""
    text = text.upper().replace("<", " ")
    if strange := set(text) - set(_C40):
        raise OptionError(f"{text!r} has {sorted(strange)[0]!r}, and idb takes capital letters, digits and <")
    packed = b""
    for at in range(0, len(text), 3):
        three = text[at : at + 3]
        if len(three) == 1:
            packed += bytes([0xFE, ord(three) + 1])
        else:
            a, b, c = ([_C40.index(char) + 3 for char in three] + [0])[:3]
            packed += (1600 * a + 40 * b + c + 1).to_bytes(2, "big")
    return packed


def _unpacked(data: bytes) -> str:
    text = ""
    for at in range(0, len(data) - 1, 2):
        if data[at] == 0xFE:
            text += chr(data[at + 1] - 1)
            continue
        number = int.from_bytes(data[at : at + 2], "big") - 1
        values = number // 1600, number // 40 % 40, number % 40
        text += "".join(_C40[value - 3] for value in values if value)
    return text.replace(" ", "<")


def _date(day: date) -> bytes:
    """A mask of unknown digits, of which there are none, and the digits MMDDYYYY as a number."""
    return b"\0" + int(f"{day:%m%d%Y}").to_bytes(3, "big")


def _day(data: bytes) -> date:
    """Raises ValueError: it is none, or has unknown digits."""
    if len(data) != 4 or data[0]:
        raise ValueError("not a whole date")
    digits = f"{int.from_bytes(data[1:], 'big'):08d}"
    return date(int(digits[4:]), int(digits[:2]), int(digits[2:4]))
