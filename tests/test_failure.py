"""Whatever is wrong with a file: an IntaglioError with a sentence, exit code 2, nothing written, no memory taken."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from intaglio.cli import main as cli
from intaglio.codec import Codec
from intaglio.entropy.stream import Stream, grid
from intaglio.errors import Corrupt, IntaglioError, LimitExceeded, MissingModel, NewerVersion, NotIntaglio
from intaglio.format import Header, peek, read, write
from intaglio.info import inspect
from intaglio.pipeline.model import Model


@pytest.fixture(autouse=True)
def _use_tiny(installed: None) -> None:
    """The tiny models in place of the packaged ones."""


@pytest.fixture(scope="module")
def data(tiny_codec: Codec) -> bytes:
    rng = np.random.default_rng(1)
    return tiny_codec.compress(Image.fromarray(rng.integers(0, 256, (20, 20, 3), np.uint8)), quality=60)


@pytest.fixture(scope="module")
def stream(tiny_model: Model) -> Stream:
    return tiny_model.stream


def sealed(tables: Stream, payload: bytes, **fields: Any) -> bytes:
    """A file with a right checksum."""
    header = Header(**{"width": 32, "height": 32, "quality": 200, "stream": 255, "digest": tables.digest} | fields)
    return write(header, payload, seed=tables.seed)


def test_truncated_at_every_length(tiny_codec: Codec, data: bytes) -> None:
    for length in range(len(data)):
        with pytest.raises(IntaglioError):
            tiny_codec.decompress(data[:length])
        with pytest.raises(IntaglioError):
            inspect(data[:length])


def test_every_bit_flipped(tiny_codec: Codec, data: bytes) -> None:
    for bit in range(8 * len(data)):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 0x80 >> bit % 8
        with pytest.raises(IntaglioError):
            tiny_codec.decompress(bytes(flipped))


def test_bytes_behind_the_end(tiny_codec: Codec, data: bytes) -> None:
    for tail in (b"\0", bytes(99), data):
        with pytest.raises(Corrupt):
            tiny_codec.decompress(data + tail)


@settings(max_examples=40)
@given(payload=st.binary(max_size=200), quality=st.integers(0, 255), side=st.integers(1, 70))
def test_any_payload_decodes_or_is_corrupt(stream: Stream, payload: bytes, quality: int, side: int) -> None:
    """Damage that the checksum cannot see: a forger can make it right."""
    data = sealed(stream, payload, quality=quality, width=side, height=side)
    header, read_back = read(data, seed_of=lambda _: stream.seed)
    with suppress(Corrupt):
        stream.decode(read_back, quality, *grid(header.height, header.width, 0))


def test_payload_of_ones_is_drawn_or_corrupt(tiny_codec: Codec, stream: Stream) -> None:
    for payload in (b"", b"\xff" * 300, bytes(range(1, 256))):
        with suppress(Corrupt):
            tiny_codec.decompress(sealed(stream, payload), steps=1)


@settings(max_examples=100)
@given(tail=st.binary(max_size=100), magic=st.booleans(), bare=st.booleans())
def test_any_bytes(tiny_codec: Codec, tail: bytes, magic: bool, bare: bool) -> None:
    """Never right by chance in the full profile; in the bare one, 16 bits of checksum may let something through."""
    data = b"\x90I\x10\xff" + tail if magic else tail
    try:
        tiny_codec.decompress(data, bare=bare, steps=1, realism=0)
    except IntaglioError:
        return
    assert bare


def test_foreign(tiny_codec: Codec) -> None:
    with pytest.raises(NotIntaglio, match="PNG"):
        tiny_codec.decompress(b"\x89PNG\r\n\x1a\n" + bytes(50))


def test_future_version(tiny_codec: Codec, data: bytes) -> None:
    with pytest.raises(NewerVersion, match=r"version 2.*pip install"):
        tiny_codec.decompress(data[:2] + bytes([0x20 | data[2] & 15]) + data[3:])


def test_unknown_streams(tiny_codec: Codec, stream: Stream) -> None:
    with pytest.raises(MissingModel, match=r"stream 77.*pip install"):
        tiny_codec.decompress(sealed(stream, b"", stream=77, digest=None))
    with pytest.raises(MissingModel, match=r"custom model 0102030405060708.*ask whoever made"):
        tiny_codec.decompress(sealed(stream, b"", digest=bytes(range(1, 9))))


def test_hostile_sizes(tiny_codec: Codec, stream: Stream) -> None:
    for use in (tiny_codec.decompress, inspect):
        with pytest.raises(LimitExceeded):
            use(sealed(stream, b"", width=65535, height=65535))
        with pytest.raises(LimitExceeded, match="the limit of 1,000"):
            use(sealed(stream, b"", width=40, height=40), max_pixels=1000)


MEMORY = """
import resource, sys
from pathlib import Path
import intaglio
from intaglio.errors import IntaglioError
import numpy, constriction, safetensors
intaglio.inspect(sys.argv[1])  # the model is there
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
before = peak()
for name in sys.argv[2:]:
    try:
        intaglio.inspect(name)
    except IntaglioError:
        pass
    else:
        raise SystemExit("no error")
print(before, peak())
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="ru_maxrss counts KiB on Linux alone")
def test_no_memory_for_hostile_sizes(tmp_path: Path, data: bytes, stream: Stream) -> None:
    good, paths = tmp_path / "good.itg", []
    good.write_bytes(data)
    for width, height in ((65535, 65535), (65535, 977), (8001, 8000)):
        paths.append(tmp_path / f"{width}x{height}.itg")
        paths[-1].write_bytes(sealed(stream, bytes([1]) * 50, width=width, height=height))
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", MEMORY, good, *paths]
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    before, after = map(int, done.stdout.split())
    assert after - before < 4096  # KiB


def test_command_finishes_the_good_among_the_bad(
    tmp_path: Path, data: bytes, stream: Stream, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, out = tmp_path / "in", tmp_path / "out"
    (folder / "deep").mkdir(parents=True)
    bad = {
        "a-cut.itg": data[:-1],
        "b-foreign.itg": b"GIF89a" + bytes(20),
        "c-empty.itg": b"",
        "d-huge.itg": sealed(stream, b"", width=65535, height=65535),
        "e-unknown.itg": sealed(stream, b"", stream=77, digest=None),
    }
    for name, content in bad.items():
        (folder / name).write_bytes(content)
    (folder / "deep/good.itg").write_bytes(data)
    (folder / "z-good.itg").write_bytes(data)
    code = cli.main(["decompress", str(folder), "-o", f"{out}/", "--decoder", "reference", "--steps", "1", "--json"])
    said = capsys.readouterr()
    assert code == 2
    assert sorted(str(p.relative_to(out)) for p in out.rglob("*") if p.is_file()) == ["deep/good.png", "z-good.png"]
    assert Image.open(out / "z-good.png").size == (20, 20)
    for name in bad:
        assert said.err.count(name) == 1
    assert "5 of 7 files failed" in said.err
    assert "Traceback" not in said.err
    lines = [json.loads(line) for line in said.out.splitlines()]
    assert sum("error" in line for line in lines) == 5


def test_command_leaves_nothing_half_written(tmp_path: Path, data: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    source = tmp_path / "cut.itg"
    source.write_bytes(data[:-3])
    assert cli.main(["decompress", str(source), "--decoder", "reference"]) == 2
    assert [p.name for p in tmp_path.iterdir()] == ["cut.itg"]
    assert capsys.readouterr().err.startswith("intaglio: ")
    assert cli.main(["info", str(source)]) == 2


def test_seed_of_the_checksum_is_the_digest(stream: Stream, data: bytes) -> None:
    header = peek(data)
    at = len(data) - len(read(data, seed_of=lambda _: stream.seed)[1])
    assert header.digest == stream.digest
    seed = int.from_bytes(stream.digest[:4], "big")
    assert data[at - 4 : at] == zlib.crc32(data[at:], zlib.crc32(data[: at - 4], seed)).to_bytes(4, "big")
