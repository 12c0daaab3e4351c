"""The web page's encoder under Node: of the same tensors it makes the same file as Python's, search and header included."""

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from intaglio import format, image
from intaglio.entropy.stream import Stream
from intaglio.format import Header
from intaglio.networks import walsh
from intaglio.pipeline.search import within
from intaglio.testing import TinyModel
from intaglio.weights import codec_file

WEB = Path(__file__).parents[2] / "web"
pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="needs node")


@pytest.mark.parametrize("name", ["fasdiff", "cgdm"])
@pytest.mark.parametrize(
    ("budget", "halvings", "bare", "focus"), [(20, 0, False, False), (150, 2, True, False), (900, 5, False, True)]
)
def test_the_file_is_pythons(name: str, budget: int, halvings: int, bare: bool, focus: bool, tmp_path: Path) -> None:
    focus = focus and name == "fasdiff"
    file = TinyModel(name).write(tmp_path / "tiny.safetensors")
    stream, rng = Stream.of(codec_file.read(name, file)), np.random.default_rng(budget)
    rows, columns = 2, 3
    tensors = {
        part: rng.standard_normal((stream.four[part].c, *size)).astype(np.float32) ** 3
        for part, size in {
            "lf": (rows, columns),
            "h": (rows, columns),
            "vector": (1, 1),
            "y": (2 * rows, 2 * columns),
        }.items()
        if part in stream.names
    }  # cubes: some lie beyond what tables reach, and escape
    payload, index = within(stream, tensors, budget, focus)
    bits, further = Header.scaled(halvings)
    width, height = (32 << halvings) * columns - 5, (32 << halvings) * rows
    header = Header(width=width, height=height, quality=index or 0, stream=1, scale=bits, grey=bare, chunks=further)
    expected = format.write(header, payload, seed=stream.seed, bare=bare)
    save_file(tensors, tmp_path / "tensors.safetensors")
    options = {
        "budget": budget, "focus": focus, "seed": stream.seed, "width": width, "height": height, "stream": 1,
        "halvings": halvings, "grey": bare, "bare": bare,
    }  # fmt: skip
    command = [
        "node",
        str(WEB / "tools/code.js"),
        str(file),
        str(tmp_path / "tensors.safetensors"),
        json.dumps(options),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == expected.hex()


SEEN = """
import { readFileSync, writeFileSync } from "node:fs";
import { packets } from "%(web)s/itg/packets.js";
import { pad, shrink } from "%(web)s/itg/resize.js";
const picture = { width: 131, height: 97, data: new Uint8ClampedArray(readFileSync("%(place)s/rgba")) };
writeFileSync("%(place)s/packets", packets(pad(shrink(picture, 1), 32)).data);
"""


def test_the_analysis_sees_what_pythons_sees(tmp_path: Path) -> None:
    rgb = np.random.default_rng(6).integers(0, 255, (97, 131, 3), dtype=np.uint8)
    (tmp_path / "rgba").write_bytes(np.dstack([rgb, np.full(rgb.shape[:2], 255, np.uint8)]).tobytes())
    script = SEEN % {"web": WEB.as_posix(), "place": tmp_path.as_posix()}
    subprocess.run(["node", "--input-type=module", "-e", script], check=True, timeout=60)
    seen = np.frombuffer((tmp_path / "packets").read_bytes(), np.float32)
    padded = image.pad(image.shrink(rgb, 1), 32)
    x = np.ascontiguousarray(padded.transpose(2, 0, 1)[None], np.float32) / np.float32(255) - np.float32(0.5)
    expected = walsh.analyse(x).ravel()
    assert np.abs(seen - expected).max() <= 8 / 255  # a pixel here and there is a level off, by the order of sums
    assert np.abs(seen - expected).mean() < 1e-3
