"""A portrait to a symbol and back, with what stands beside it, in all four symbols."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import intaglio.barcode
from intaglio import format, info, inspect
from intaglio.barcode import Layout, make, read
from intaglio.barcode.failures import (
    BarcodeError,
    DamagedSymbol,
    Expired,
    NoSymbol,
    NotOurs,
    NotSigned,
    UnknownKey,
    WrongSignature,
)
from intaglio.barcode.printing import raster
from intaglio.barcode.symbols import KINDS, TooLong, encode, sides
from intaglio.errors import OptionError, PictureError
from intaglio.format.chunks import EXPIRY, SIGNATURE, TEXT, Chunk

pytestmark = pytest.mark.usefixtures("installed")
DAY = date(2031, 5, 17)


@pytest.mark.parametrize("symbol", KINDS)
@pytest.mark.parametrize("algorithm", ["ed25519", "es256"])
def test_a_signed_card_comes_back(portrait: Image.Image, keys: Path, symbol: str, algorithm: str) -> None:
    made = make(portrait, Layout(symbol), text="Ada L.", expires=DAY, key=keys / f"{algorithm}.pem", frame=None)
    reading = read(made.png(), keys=keys, today=DAY)
    assert reading.portrait == made.portrait and reading.symbol == symbol
    assert (reading.text, reading.expires, reading.verified) == ("Ada L.", DAY, True)
    assert reading.signer == f"{algorithm}.pub.pem"
    assert reading.image.size == portrait.size


@pytest.mark.parametrize("kind", ["png", "pdf"])
def test_files_for_print_read_back(portrait: Image.Image, kind: str) -> None:
    symbol = make(portrait, frame=None)
    assert read(getattr(symbol, kind)()).portrait == symbol.portrait


def test_prints_have_their_size_in_millimetres(portrait: Image.Image) -> None:
    symbol = make(portrait, Layout(mm=25, module_mm=0.25), frame=None)
    with Image.open(io.BytesIO(symbol.png())) as image:
        width, dpi = image.width, image.info["dpi"][0]
    assert symbol.modules.shape == (97, 97)  # the largest of at most 100 modules
    assert width / dpi * 25.4 == pytest.approx((97 + 8) * 0.25, rel=1e-3)
    assert b'width="26.25mm"' in symbol.svg()
    assert b"/MediaBox [ 0 0 74.4" in symbol.pdf()  # points


def test_the_budget_is_used_and_said(portrait: Image.Image, keys: Path) -> None:
    symbol = make(portrait, Layout("qr", "M", modules=85), key=keys / "es256.pem", frame=None)
    assert len(symbol.content) <= 504
    assert str(symbol) == (
        f"QR version 17 M, 85x85 modules, 28 mm at 0.33 mm: {symbol.portrait_bytes} bytes of portrait, "
        "64 of signature, 8 of wrapper"
    )


def test_bytes_give_the_smallest_symbol_that_holds_them(portrait: Image.Image) -> None:
    symbol = make(portrait, Layout(portrait=250), frame=None)
    assert symbol.portrait_bytes <= 250
    smaller = [side for side in sides("qr") if side < len(symbol.modules)]
    with pytest.raises(TooLong):
        encode("qr", symbol.content, "M", smaller[-1])


@pytest.mark.parametrize(
    "wrong",
    [
        {"symbol": "maxicode"}, {"level": "X"}, {"symbol": "datamatrix", "level": "M"}, {"modules": 20},
        {"modules": 85, "mm": 20}, {"mm": 3}, {"module_mm": 0}, {"portrait": 2900}, {"modules": 21},
    ],
)  # fmt: skip
def test_layouts_that_cannot_be_are_refused(portrait: Image.Image, keys: Path, wrong: dict[str, object]) -> None:
    with pytest.raises(OptionError):
        make(portrait, Layout(**wrong), key=keys / "ed25519.pem", frame=None)


def test_what_is_not_as_it_should_be_has_a_name(portrait: Image.Image, keys: Path) -> None:
    card = make(portrait, expires=DAY, key=keys / "ed25519.pem", frame=None)
    with pytest.raises(UnknownKey, match="not known"):
        read(card.png(), keys=keys / "other")
    with pytest.raises(Expired):
        read(card.png(), keys=keys, today=date(2031, 5, 18))
    with pytest.raises(NotSigned):
        read(make(portrait, frame=None).png(), keys=keys)
    with pytest.raises(NotOurs):
        read(raster(encode("qr", b"https://example.org", "M"), 4))
    with pytest.raises(NoSymbol):
        read(portrait)
    holed = np.array(raster(card.modules, 4).convert("L"))
    holed[200:560, 200:560] = 255
    with pytest.raises(DamagedSymbol):
        read(Image.fromarray(holed))


def test_two_cards_are_too_many_and_other_symbols_are_passed_over(portrait: Image.Image) -> None:
    one = raster(make(portrait, frame=None).modules, 4).convert("L")
    web = raster(encode("aztec", b"https://example.org", "23"), 4).convert("L")
    two = raster(make(portrait.transpose(Image.Transpose.FLIP_LEFT_RIGHT), frame=None).modules, 4).convert("L")

    def beside(left: Image.Image, right: Image.Image) -> Image.Image:
        sheet = Image.new("L", (left.width + right.width, max(left.height, right.height)), 255)
        sheet.paste(left, (0, 0))
        sheet.paste(right, (left.width, 0))
        return sheet

    assert read(beside(web, one)).verified is False
    with pytest.raises(PictureError, match="2 cards"):
        read(beside(one, two))


def test_no_altered_bytes_are_accepted(portrait: Image.Image, keys: Path) -> None:
    """Bytes of a card, changed and written as a whole symbol anew."""
    card = make(portrait, Layout(portrait=100), text="Ada", expires=DAY, key=keys / "es256.pem", frame=None)
    for place in range(0, len(card.content), 5):
        forged = bytearray(card.content)
        forged[place] ^= 1 << place % 8
        with pytest.raises(BarcodeError):
            read(raster(encode("datamatrix", bytes(forged), ""), 1, 4), keys=keys)


@pytest.mark.parametrize("algorithm", ["ed25519", "es256"])
def test_no_forger_who_knows_the_checksum_is_believed(portrait: Image.Image, keys: Path, algorithm: str) -> None:
    card = make(portrait, text="Ada", expires=DAY, key=keys / f"{algorithm}.pem", frame=None)
    header, payload = format.read(card.content, seed_of=info.seed_of, bare=True)
    other = make(portrait.transpose(Image.Transpose.FLIP_LEFT_RIGHT), frame=None)
    chunks = {chunk.kind: chunk.data for chunk in header.chunks}
    mark = chunks[SIGNATURE]

    def forged(payload: bytes = payload, **changed: bytes) -> Image.Image:
        kinds = {"text": TEXT, "expiry": EXPIRY, "signature": SIGNATURE}
        altered = chunks | {kinds[name]: data for name, data in changed.items()}
        whole = replace(header, chunks=tuple(Chunk(*item) for item in sorted(altered.items())))
        content = format.write(whole, payload, seed=info.seed_of(whole), bare=True)
        return raster(encode("qr", content, "M"), 4)

    assert read(forged(), keys=keys).verified
    stolen = format.read(other.content, seed_of=info.seed_of, bare=True)[1]
    for picture in (
        forged(stolen), forged(text=b"Eve"), forged(expiry=b"\xff\xff"), forged(expiry=b""),
        forged(signature=mark[:-1] + bytes([mark[-1] ^ 1])), forged(signature=mark[:5] + bytes(64)),
    ):  # fmt: skip
        with pytest.raises(WrongSignature):
            read(picture, keys=keys)
    with pytest.raises(UnknownKey):
        read(forged(signature=bytes([3 - mark[0]]) + mark[1:]), keys=keys)
    for broken in (mark[:-1], b"", b"\0" + mark[1:]):
        with pytest.raises(NotOurs):
            read(forged(signature=broken), keys=keys)


@pytest.mark.parametrize("codec", ["webp", "avif", "jp2"])
def test_classic_codecs_fill_the_same_symbol(portrait: Image.Image, keys: Path, codec: str) -> None:
    symbol = make(portrait, Layout(portrait=200), key=keys / "es256.pem", codec=codec, frame=None)
    reading = read(symbol.png(), keys=keys)
    assert reading.portrait == symbol.portrait and reading.image.size == portrait.size
    assert inspect(reading.portrait, bare=True).codec == codec


def test_cards_are_made_and_read_in_threads(portrait: Image.Image, keys: Path) -> None:
    def there_and_back(text: str) -> str:
        return read(make(portrait, text=text, key=keys / "ed25519.pem", frame=None).png(), keys=keys).text

    words = [f"card {number}" for number in range(8)]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(there_and_back, words)) == words


def test_without_the_extra_a_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intaglio.barcode, "find_spec", lambda module: None if module == "cbor2" else module)
    with pytest.raises(OptionError, match=r"need cbor2: `pip install 'intaglio\[barcode\]'`"):
        _ = intaglio.barcode.make
    assert not hasattr(intaglio.barcode, "scan")
