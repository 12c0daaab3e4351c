"""ONNX Runtime beside PyTorch: the same pictures, and a process that never sees torch."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import intaglio
from intaglio import Codec
from intaglio.engines import choice, onnx_graphs
from intaglio.engines.onnx_model import OnnxModel
from intaglio.options import DecompressOptions
from intaglio.pipeline.coding import Coding
from intaglio.pipeline.decoder import decode
from intaglio.pipeline.model import Model
from intaglio.pipeline.original import Original
from intaglio.testing import TinyModel
from intaglio.weights import codec_file

pytest.importorskip("onnxruntime")


@pytest.fixture(scope="module")
def portrait() -> np.ndarray:
    from PIL import Image

    with Image.open(Path(intaglio.__file__).parent / "data" / "astronaut.png") as image:
        return np.asarray(image.convert("RGB").crop((160, 30, 288, 190)))


@pytest.mark.parametrize("name", ["fasdiff", "cgdm"])
def test_pixels_are_within_one_level_of_torch(name: str, portrait: np.ndarray) -> None:
    weights = codec_file.read(name)
    by_torch, by_onnx = Model(weights, device="cpu", dtype=torch.float32), OnnxModel(weights)
    data = Codec(name).compress(portrait, quality=30)
    header, payload = intaglio.format.read(data, seed_of=lambda header: by_onnx.stream.seed)
    coding = Coding(payload, header.quality, header.halvings, header.focus)
    for options in (DecompressOptions(), DecompressOptions(steps=1, realism=0.4), DecompressOptions(realism=0)):
        ours, theirs = (decode(m, coding, header.height, header.width, options) for m in (by_onnx, by_torch))
        assert np.abs(ours.astype(int) - theirs).max() <= 1


@pytest.mark.parametrize("name", ["fasdiff", "cgdm"])
def test_both_analyses_give_nearly_the_same_tensors(name: str, portrait: np.ndarray) -> None:
    weights = codec_file.read(name)
    models = Model(weights, device="cpu", dtype=torch.float32), OnnxModel(weights)
    theirs, ours = (model.analyse(Original(portrait), 0) for model in models)
    assert theirs.keys() == ours.keys()
    for key in theirs:
        assert np.allclose(ours[key], theirs[key], atol=1e-3)
    q, symbols = 60, []
    for tensors in (theirs, ours):
        symbols.append(models[0].stream.encode(tensors, q)[1].floats())
    assert all((symbols[0][key] == symbols[1][key]).mean() > 0.999 for key in symbols[0] if symbols[0][key].size)


def test_a_box_is_what_the_whole_has_there(portrait: np.ndarray) -> None:
    codec = Codec("cgdm")
    data = codec.compress(portrait, quality=20)
    whole, part = (np.asarray(codec.decompress(data, box=box, steps=1)) for box in (None, (16, 24, 80, 100)))
    assert np.array_equal(whole[24:100, 16:80], part)


def test_graphs_name_tensors_that_the_weights_have() -> None:
    for name in ("fasdiff", "cgdm"):
        weights = codec_file.read(name)
        assert onnx_graphs.fit(weights)
        kept = set(weights.networks.arrays) | {f"lean.{key}" for key in weights.lean.arrays}
        for graph, names in onnx_graphs.description(name)["tensors"].items():
            if graph not in ("outer", "inner"):
                assert set(names) <= kept


def test_networks_of_other_sizes_go_by_torch(tmp_path: Path) -> None:
    weights = codec_file.read("fasdiff", TinyModel().write(tmp_path / "tiny.safetensors"))
    assert isinstance(choice.load(weights), Model)


def test_coding_and_drawing_need_no_torch(portrait: np.ndarray, tmp_path: Path) -> None:
    (tmp_path / "x.itg").write_bytes(Codec("fasdiff").compress(portrait, max_bytes=300))
    script = (
        "import sys; sys.modules['torch'] = None\n"
        "import intaglio; image = intaglio.decompress(sys.argv[1])\n"
        "print(image.size, len(intaglio.compress(image, max_bytes=300)) <= 300)"
    )
    source = str(Path(intaglio.__file__).parent.parent)
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "x.itg")],
        env={"PYTHONPATH": source, "PATH": ""},
        capture_output=True,
        text=True,
    )
    assert done.stdout == "(128, 160) True\n", done.stderr


FORKED = """
import multiprocessing, sys
import numpy as np
from intaglio import Codec
codec = Codec("fasdiff")
picture = np.random.default_rng(0).integers(0, 255, (256, 256, 3), np.uint8)
def job():
    codec.decompress(codec.compress(picture, quality=50), steps=1)
job()
child = multiprocessing.get_context("fork").Process(target=job)
child.start()
child.join(60)
code = child.exitcode
child.kill()
sys.exit(0 if code == 0 else 1)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_child_goes_on_where_its_parent_used_the_codec() -> None:
    source = str(Path(intaglio.__file__).parent.parent)
    subprocess.run([sys.executable, "-c", FORKED], env=os.environ | {"PYTHONPATH": source}, check=True, timeout=90)


def test_threads_are_limited_without_torch() -> None:
    script = (
        "import sys; sys.modules['torch'] = None\n"
        "from intaglio.networks import onnx_session, thread_count\n"
        "thread_count.limit(1); print(onnx_session.threads)"
    )
    source = str(Path(intaglio.__file__).parent.parent)
    done = subprocess.run(
        [sys.executable, "-c", script], env={"PYTHONPATH": source, "PATH": ""}, capture_output=True, text=True
    )
    assert done.stdout == "1\n", done.stderr
