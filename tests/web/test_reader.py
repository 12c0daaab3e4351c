"""The web reader under Node: the integers of golden files and of a tiny model, the table of sizes, and the same refusals."""

import hashlib
import json
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from intaglio import IntaglioError, inspect
from intaglio.entropy.stream import SECTIONS, Stream, grid
from intaglio.format import peek, read
from intaglio.format.sizes import SIZES
from intaglio.testing import TinyModel
from intaglio.weights import codec_file

WEB = Path(__file__).parents[2] / "web"
pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="needs node")


def node(*arguments: str) -> str:
    return subprocess.run(["node", *arguments], capture_output=True, text=True, check=True, timeout=60).stdout


def test_golden_files() -> None:
    node("--test", str(WEB / "test"))


def test_sizes_are_the_formats() -> None:
    table = re.search(r"SIZES = (\[.*\]);", (WEB / "itg/sizes.js").read_text(), re.DOTALL)
    assert table is not None
    assert json.loads(table[1].replace(",\n]", "\n]")) == [list(size) for size in SIZES]


@pytest.mark.parametrize("name", ["fasdiff", "cgdm"])
def test_integers_and_refusals_are_pythons(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = TinyModel(name).write(tmp_path / "tiny.safetensors")
    monkeypatch.setenv(f"INTAGLIO_{name.upper()}", str(file))
    codec, stream, rng = TinyModel(name).codec(), Stream.of(codec_file.read(name, file)), np.random.default_rng(2)
    expected, files = [], []
    for i, (width, height) in enumerate([(64, 96), (33, 70), (97, 40)]):
        picture = rng.integers(0, 255, (height, width, 3), dtype=np.uint8)
        focus = "face" if name == "fasdiff" and i == 1 else "off"
        data = codec.compress(picture, quality=40 + 20 * i, focus=focus)
        header, payload = read(data, seed_of=lambda header: stream.seed)
        size = grid(header.height, header.width, header.halvings)
        values = stream.decode(payload, header.quality, *size, header.focus)
        flat = b"".join(np.ascontiguousarray(getattr(values, part), np.int32).tobytes() for part in SECTIONS)
        hostile = [data]
        for _ in range(20):
            changed = bytearray(data)
            changed[rng.integers(len(changed))] = rng.integers(256)
            hostile.append(bytes(changed)[: rng.integers(len(data)) if rng.random() < 0.5 else len(data)])
        for bytes_ in hostile:
            files.append(tmp_path / f"{len(files)}.itg")
            files[-1].write_bytes(bytes_)
            try:
                inspect(bytes_, sections=True)
                expected.append(hashlib.sha256(flat).hexdigest())
            except IntaglioError as error:
                expected.append(type(error).__name__)
    got = node(str(WEB / "tools/symbols.js"), str(file), str(stream.seed), *map(str, files)).split()
    for line, want, path in zip(got, expected, files, strict=True):
        if want == "MissingModel":  # the script reads whatever it is given by the one model that it has
            assert line == "Corrupt"
        else:
            assert line == want, peek(path.read_bytes())
