"""The formats that others read: with the readers that others wrote, and with samples of theirs."""

from __future__ import annotations

import base64
from datetime import UTC, date, datetime
from pathlib import Path

import claim169
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from PIL import Image

from intaglio.barcode import Layout, make, read
from intaglio.barcode.card import Card
from intaglio.barcode.failures import Expired, NotOurs, NotYet, UnknownKey, WrongSignature
from intaglio.barcode.printing import raster
from intaglio.barcode.symbols import encode
from intaglio.barcode.wraps import idb, unpack
from intaglio.barcode.wraps.claim169 import FIELDS
from intaglio.errors import OptionError

pytestmark = pytest.mark.usefixtures("installed")
PERSON = {"issuer": "https://example.org", "full_name": "Ada Lovelace", "date_of_birth": "1815-12-10", "gender": 2}
DAY = date(2031, 5, 17)


@pytest.mark.parametrize("algorithm", ["ed25519", "es256"])
def test_claim169_is_read_by_the_public_reader(portrait: Image.Image, keys: Path, algorithm: str) -> None:
    card = make(
        portrait,
        Layout(portrait=300),
        wrap="claim169",
        claims=PERSON,
        expires=DAY,
        key=keys / f"{algorithm}.pem",
        frame=None,
    )
    pem = (keys / f"{algorithm}.pub.pem").read_text()
    verify = claim169.decode_with_ed25519_pem if algorithm == "ed25519" else claim169.decode_with_ecdsa_p256_pem
    result = verify(card.content.decode(), pem)
    assert result.is_verified()
    assert result.claim169.full_name == "Ada Lovelace" and result.claim169.gender == 2
    assert result.cwt_meta.issuer == "https://example.org" and result.cwt_meta.expires_at == 1_936_828_800
    (face,) = result.claim169.face
    assert (face.data, face.format, face.sub_format) == (card.portrait, 0, 100)

    reading = read(card.png(), keys=keys, today=DAY)
    assert reading.verified and reading.claims == PERSON and reading.expires == DAY
    assert reading.portrait == card.portrait and reading.wrap == "claim169"


def test_claim169_that_the_public_writer_wrote_is_read(portrait: Image.Image, keys: Path) -> None:
    bare = make(portrait, frame=None).portrait
    claim = claim169.Claim169Input(id="7", **{k: v for k, v in PERSON.items() if k in FIELDS})
    claim.face = [claim169.Biometric(bare, 0, 100, None)]
    token = claim169.CwtMetaInput(issuer="https://example.org", expires_at=1_936_828_800)
    text = claim169.encode(claim, token, sign_with_ed25519=bytes(32))
    opened = unpack(text.encode())
    assert opened.portrait == bare and opened.card == Card("", {"id": "7", **PERSON}, DAY)
    with pytest.raises(UnknownKey):
        read(raster(encode("qr", text, "M"), 4), keys=keys)
    theirs = load_pem_private_key((keys / "ed25519.pem").read_bytes(), None)
    assert isinstance(theirs, Ed25519PrivateKey)
    text = claim169.encode(claim, token, sign_with_ed25519=theirs.private_bytes_raw())  # which names no key
    assert read(raster(encode("qr", text, "M"), 4), keys=keys, today=DAY).signer == "ed25519.pub.pem"


def test_a_card_of_others_counts_from_its_first_day_on(portrait: Image.Image, keys: Path) -> None:
    claim = claim169.Claim169Input(id="7")
    claim.face = [claim169.Biometric(make(portrait, frame=None).portrait, 0, 100, None)]
    theirs = load_pem_private_key((keys / "ed25519.pem").read_bytes(), None)
    assert isinstance(theirs, Ed25519PrivateKey)
    token = claim169.CwtMetaInput(issuer="https://example.org")
    token.not_before = int(datetime(2031, 5, 17, tzinfo=UTC).timestamp())
    card = raster(encode("qr", claim169.encode(claim, token, sign_with_ed25519=theirs.private_bytes_raw()), "M"), 4)
    with pytest.raises(NotYet, match="first day will be 2031-05-17"):
        read(card, keys=keys, today=date(2031, 5, 16))
    assert read(card, keys=keys, today=date(2031, 5, 17)).verified


@pytest.mark.parametrize("wrap", ["claim169", "idb"])
def test_altered_expired_and_strangers_cards_are_refused(portrait: Image.Image, keys: Path, wrap: str) -> None:
    card = make(portrait, wrap=wrap, expires=DAY, key=keys / "es256.pem", frame=None)
    with pytest.raises(Expired):
        read(card.png(), keys=keys, today=date(2031, 5, 18))
    with pytest.raises(UnknownKey):
        read(card.png(), keys=keys / "other")
    refused = 0
    for place in range(5, len(card.content), 41):
        other = b"A" if card.content[place : place + 1] != b"A" else b"B"
        text = (card.content[:place] + other + card.content[place + 1 :]).decode()
        with pytest.raises((NotOurs, WrongSignature, UnknownKey)):
            read(raster(encode("qr", text, "M"), 4, 3), keys=keys)
        refused += 1
    assert refused > 5


def test_idb_is_as_the_format_has_it(portrait: Image.Image, keys: Path) -> None:
    claims = {"country": "D<<", "document_number": "AB12CD345"}
    card = make(portrait, wrap="idb", claims=claims, expires=DAY, key=keys / "es256.pem", frame=None)
    assert card.content.startswith(b"NDB1B")
    body = base64.b32decode(card.content[5:] + b"=" * (-len(card.content[5:]) % 8))
    assert body[:3] == bytes.fromhex("6abc01")  # D<< and SHA-256 with ECDSA, as the samples of vdstools have it
    reading = read(card.png(), keys=keys, today=DAY)
    assert (
        reading.verified and reading.claims == claims and reading.expires == DAY and reading.portrait == card.portrait
    )
    unsigned = make(portrait, wrap="idb", frame=None)
    assert unsigned.content.startswith(b"NDB1A") and read(unsigned.png()).claims == {"country": "UTO"}


def test_idb_samples_of_others_are_told_from_ours() -> None:
    """A card access number, zipped, from the documentation of idb1_encoder_decoder: no face, but whole."""
    with pytest.raises(NotOurs, match="with a face"):
        unpack(b"NDB1CPDNLW6JUSGGZGRLBWPNXEAAWXEB5G")
    with pytest.raises(NotOurs):
        idb.unpack(b"NDB1")


@pytest.mark.parametrize(
    ("wrap", "wrong"),
    [
        ("claim169", {}), ("claim169", {"text": "hello"}), ("claim169", {"claims": {"name": "Ada"}}),
        ("idb", {"text": "hello"}), ("idb", {"claims": {"name": "Ada"}}), ("idb", {"claims": {"country": "DE"}}),
        ("idb", {"claims": {"document_number": "Ä"}}), ("bare", {"claims": {"full_name": "Ada"}}), ("vds", {}),
    ],
)  # fmt: skip
def test_what_a_wrap_has_no_place_for_is_refused(
    portrait: Image.Image, keys: Path, wrap: str, wrong: dict[str, object]
) -> None:
    key = None if not wrong else keys / "es256.pem"
    with pytest.raises(OptionError):
        make(portrait, wrap=wrap, key=key, frame=None, **wrong)
    if wrap == "idb":
        with pytest.raises(OptionError, match="ES256"):
            make(portrait, wrap=wrap, key=keys / "ed25519.pem", frame=None)
