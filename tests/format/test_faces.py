"""The chunk `faces`: written and read exactly, hostile ones refused."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intaglio.errors import Corrupt
from intaglio.format import Chunk, Header, read, write
from intaglio.format.chunks import FACES
from intaglio.format.faces import FRAME, MAX_FACES, FaceEntry, Faces, Placement

placements = st.builds(
    Placement, st.integers(0, 4095), st.integers(0, 4095), st.integers(0, 255), st.integers(0, 63), st.integers(0, 3)
)
entries = st.builds(FaceEntry, placements, st.integers(0, 255), st.integers(0, 300))


@given(st.integers(0, 255), st.lists(entries, min_size=1, max_size=MAX_FACES).map(tuple), st.binary(max_size=20))
def test_what_is_written_is_read(stream: int, entries: tuple[FaceEntry, ...], ground: bytes) -> None:
    faces = Faces(stream, entries)
    header = Header(width=99, height=77, quality=3, stream=2, chunks=(Chunk(FACES, faces.pack()),))
    patches = [bytes([i]) * entry.length for i, entry in enumerate(entries)]
    data = write(header, ground + b"".join(patches), seed=7)
    try:
        again, payload = read(data, seed_of=lambda _: 7)
    except Corrupt as error:
        assert "more than half" in str(error)
        return
    assert again.faces == faces
    assert faces.split(payload) == (ground, patches)


@given(st.binary(max_size=300))
def test_any_bytes_are_faces_or_damage(data: bytes) -> None:
    try:
        faces = Faces.unpack(data)
    except Corrupt:
        return
    assert faces.pack() == data


def test_at_most_five_bytes_a_place_and_eight_a_face() -> None:
    entry = FaceEntry(Placement(1, 2, 3, 4, 1), 90, 300)
    assert len(entry.placement.pack()) == 5
    assert len(Faces(1, (entry,)).pack()) == 1 + 8


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "then has none"),
        (b"\1", "then has none"),
        (b"\1" + bytes(6), "0 are whole"),
        (b"\1" + bytes(7) * (MAX_FACES + 1), "32 are whole"),
        (b"\1" + bytes(6) + b"\x80\0", "padded with a zero"),
    ],
)
def test_damaged_faces(data: bytes, sentence: str) -> None:
    header = Header(width=8, height=8, quality=1, stream=1, chunks=(Chunk(FACES, data),))
    with pytest.raises(Corrupt, match=sentence):
        read(write(header, b"payload", seed=7), seed_of=lambda _: 7)


def test_faces_longer_than_the_payload() -> None:
    faces = Faces(1, (FaceEntry(Placement(0, 0, 0, 0, 0), 0, 99),))
    header = Header(width=8, height=8, quality=1, stream=1, chunks=(Chunk(FACES, faces.pack()),))
    with pytest.raises(Corrupt, match="99 bytes, and its payload has 7"):
        read(write(header, b"payload", seed=7), seed_of=lambda _: 7)


def test_patches_that_cover_too_much() -> None:
    for size, count in ((224, 1), (180, 8)):
        faces = Faces(1, (FaceEntry(Placement(2048, 2048, size, 0, 0), 0, 0),) * count)
        header = Header(width=80, height=80, quality=1, stream=1, chunks=(Chunk(FACES, faces.pack()),))
        with pytest.raises(Corrupt, match="more than half"):
            read(write(header, b"payload", seed=7), seed_of=lambda _: 7)


def test_where_a_placement_lies() -> None:
    a, b, c, d, e, f = Placement(2048, 1024, 224, 16, 0).affine(200, 400)
    middle = a / 2 + b / 2 + c, d / 2 + e / 2 + f
    assert middle == pytest.approx((400 * 2048.5 / 4096, 200 * 1024.5 / 4096))
    assert (a, d) == pytest.approx((0, 400), abs=1e-9)  # a quarter of a turn; as wide as the longer side
    assert math.hypot(b, e) == pytest.approx(400 * FRAME[0] / FRAME[1])
