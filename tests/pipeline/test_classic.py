"""Classic codecs without their headers: what is put back draws as it was, and damage is said."""

from __future__ import annotations

import numpy as np
import pytest

from intaglio import decompress, format, inspect
from intaglio.errors import BudgetError, Corrupt
from intaglio.format import Header
from intaglio.format.streams import AVIF, JP2, WEBP
from intaglio.image import Rgb
from intaglio.image.resize import enlarge
from intaglio.pipeline import classic
from intaglio.pipeline.classic import CLASSICS


@pytest.fixture(scope="module")
def picture() -> Rgb:
    return enlarge(np.random.default_rng(5).integers(0, 256, (8, 6, 3), dtype=np.uint8), (128, 96))


@pytest.mark.parametrize("name", CLASSICS)
@pytest.mark.parametrize("most", [200, 400])
def test_a_portrait_fits_and_comes_back(picture: Rgb, name: str, most: int) -> None:
    data = classic.encode(picture, name, most)
    assert most - 80 < len(data) <= most
    drawn = np.asarray(decompress(data, bare=True))
    assert drawn.shape == picture.shape
    assert np.square(drawn.astype(float) - picture).mean() < 600  # of pixels that have a variance of 3,000
    facts = inspect(data, bare=True)
    assert facts.codec == name and facts.header_bytes in (5, 9)


@pytest.mark.parametrize("name", CLASSICS)
def test_too_few_bytes_say_how_many_it_takes(picture: Rgb, name: str) -> None:
    with pytest.raises(BudgetError) as error:
        classic.encode(picture, name, 12)
    assert len(classic.encode(picture, name, error.value.least)) <= error.value.least


@pytest.mark.parametrize("stream", [WEBP, AVIF, JP2])
def test_any_payload_is_a_picture_or_corrupt(picture: Rgb, stream: int) -> None:
    random = np.random.default_rng(stream)
    whole = classic.encode(picture, format.streams.name(stream), 300)
    header, payload = format.read(whole, seed_of=lambda header: 0, bare=True)
    for trial in range(200):
        bent = bytearray(payload)
        for place in random.integers(0, len(bent), 1 + trial % 4):
            bent[place] ^= 1 << random.integers(8)
        for strange in (bytes(bent[: random.integers(len(bent) + 1)]), random.bytes(trial)):
            try:
                assert classic.decode(strange, header).shape == picture.shape
            except Corrupt:
                pass


@pytest.mark.parametrize(
    "header", [Header(96, 128, 0, WEBP), Header(96, 128, 97, WEBP), Header(96, 128, 96, WEBP, scale=1)]
)
def test_headers_that_make_no_sense_are_refused(header: Header) -> None:
    with pytest.raises(Corrupt):
        classic.decode(b"", header)
