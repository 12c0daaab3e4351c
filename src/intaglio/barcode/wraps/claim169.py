"""MOSIP Claim 169 (version 1.2.2): a CWT, signed as COSE_Sign1, made smaller by zlib, and text by Base45 (RFC 9285).

The portrait is object 62, a face, of format 0 (image) and subformat 100, the first of those that vendors may use. The bytes
are a bare .itg file. COSE is RFC 9052; CBOR, Base45, zlib and the signatures are libraries'.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import base45
import cbor2

from intaglio.barcode.card import Card, Claim, Opened
from intaglio.barcode.failures import NotOurs
from intaglio.barcode.signing import ED25519, ES256, Signature, Signer
from intaglio.errors import OptionError

FIELDS = {
    "id": 1, "version": 2, "language": 3, "full_name": 4, "first_name": 5, "middle_name": 6, "last_name": 7,
    "date_of_birth": 8, "gender": 9, "address": 10, "email": 11, "phone": 12, "nationality": 13, "marital_status": 14,
    "guardian": 15, "secondary_full_name": 19, "secondary_language": 20, "location_code": 21, "legal_status": 22,
    "country_of_issuance": 23,
}  # fmt: skip
TOKEN = {"issuer": 1, "subject": 2}  # of the CWT itself, RFC 8392
_EXPIRES, _BEGINS, _CLAIM = 4, 5, 169
_FACE, _IMAGE, _INTAGLIO = 62, 0, 100
_SIGN1, _ALGORITHM, _KEY = 18, 1, 4  # COSE's tag, and labels of its headers
_ALGORITHMS = {ED25519: -8, ES256: -7}
_LARGEST = 1 << 16  # bytes behind zlib


def pack(portrait: bytes, card: Card, signer: Signer | None) -> str:
    """The content of a symbol. Raises OptionError: no key, a text, or a claim that is none."""
    if signer is None:
        raise OptionError("claim169 is always signed: give a key (`intaglio keys new` makes one)")
    if card.text:
        raise OptionError("claim169 has no place for a text: give its claims")
    if unknown := sorted(set(card.claims) - set(FIELDS) - set(TOKEN)):
        raise OptionError(f"claim169 has no claim {unknown[0]!r}: known are {', '.join([*TOKEN, *FIELDS])}")
    token: dict[int, Any] = {TOKEN[name]: value for name, value in card.claims.items() if name in TOKEN}
    if card.expires:
        token[_EXPIRES] = int(datetime.combine(card.expires + timedelta(1), datetime.min.time(), UTC).timestamp())
    claim: dict[int, Any] = {FIELDS[name]: value for name, value in sorted(card.claims.items()) if name in FIELDS}
    token[_CLAIM] = claim | {_FACE: [{0: portrait, 1: _IMAGE, 2: _INTAGLIO}]}
    protected = cbor2.dumps({_ALGORITHM: _ALGORITHMS[signer.algorithm]})
    payload = cbor2.dumps(token, canonical=True)
    value = signer.sign(_signed(protected, payload))
    message = cbor2.CBORTag(_SIGN1, [protected, {_KEY: signer.key_id}, payload, value])
    return base45.b45encode(zlib.compress(cbor2.dumps(message), 9)).decode()


def unpack(content: bytes) -> Opened:
    """What a content holds. Raises NotOurs: no Claim 169, or one whose face is not ours."""
    try:
        inflated = zlib.decompressobj().decompress(base45.b45decode(content.decode("ascii")), _LARGEST)
        protected, unprotected, payload, value = cbor2.loads(inflated).value
        header, token = cbor2.loads(protected), cbor2.loads(payload)
        claim = token[_CLAIM]
        face = next(face for face in claim[_FACE] if face[1] == _IMAGE and face[2] == _INTAGLIO)
        portrait = bytes(face[0])
        algorithm = next((name for name, code in _ALGORITHMS.items() if code == header[_ALGORITHM]), "")
        key_id = bytes(header.get(_KEY) or unprotected.get(_KEY) or b"")
        signature = Signature(algorithm, key_id, _signed(protected, payload), bytes(value))
        card = Card(
            "", _claims(token, TOKEN) | _claims(claim, FIELDS), _last(token.get(_EXPIRES)), _first(token.get(_BEGINS))
        )
    except (
        Exception
    ) as error:  # strangers' bytes: each library has errors of its own, and so has a structure that is another
        raise NotOurs("the symbol holds no Claim 169 with a face of ours") from error
    return Opened("claim169", portrait, card, signature)


def _signed(protected: bytes, payload: bytes) -> bytes:
    """What COSE signs: RFC 9052, 4.4."""
    return cbor2.dumps(["Signature1", protected, b"", payload])


def _claims(values: Mapping[int, object], names: Mapping[str, int]) -> dict[str, Claim]:
    return {name: value for name, key in names.items() if isinstance(value := values.get(key), (str, int))}


def _last(seconds: object) -> date | None:
    """The last whole day before a moment (UTC). Raises for what is no moment."""
    moment = _first(seconds)
    return moment and moment - timedelta(1)


def _first(seconds: object) -> date | None:
    """The day of a moment (UTC). Raises for what is no moment."""
    if seconds is None:
        return None
    if not isinstance(seconds, (int, float)):
        raise TypeError(seconds)
    return datetime.fromtimestamp(seconds, UTC).date()
