"""One file decodes to the same integers whatever the machine does with floats; the precision is the machine's best."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from intaglio.codec import Codec
from intaglio.format import read
from intaglio.networks import precision
from intaglio.options import DecompressOptions
from intaglio.pipeline.coding import Coding
from intaglio.pipeline.decoder import decode
from intaglio.pipeline.model import Model
from intaglio.weights import codec_file

SCRIPT = Path(__file__).with_name("decode_hash.py")
SETTINGS = {
    "one thread": {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"},
    "two threads": {"OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "2", "MKL_NUM_THREADS": "2"},
    "plain torch, old BLAS": {"ATEN_CPU_CAPABILITY": "default", "ONEDNN_MAX_CPU_ISA": "SSE41", "OPENBLAS_CORETYPE": "NEHALEM"},
    "AVX2": {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2", "OPENBLAS_CORETYPE": "HASWELL"},
    "no oneDNN": {"TEST_NO_ONEDNN": "1"},
    "bf16": {"TEST_DTYPE": "bfloat16"},
}  # fmt: skip


@pytest.fixture(scope="module")
def files(tiny_codec: Codec, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder, rng = tmp_path_factory.mktemp("files"), np.random.default_rng(0)
    paths = []
    for i, size in enumerate([(64, 64, 3), (40, 33, 3)]):
        path = folder / f"{i}.itg"
        path.write_bytes(tiny_codec.compress(Image.fromarray(rng.integers(0, 256, size, np.uint8)), quality=100))
        paths.append(path)
    return paths


def test_symbols_do_not_depend_on_the_machine(files: list[Path], tiny: Path) -> None:
    """In processes of their own, all at once; each draws both files and prints hashes."""
    paths = {"PYTHONPATH": os.pathsep.join(sys.path)}
    processes = {
        name: subprocess.Popen([sys.executable, SCRIPT, tiny, *files], env=os.environ | paths | setting, text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for name, setting in SETTINGS.items()
    }  # fmt: skip
    hashes = {}
    for name, process in processes.items():
        out, err = process.communicate(timeout=600)
        assert process.returncode == 0, f"{name}: {err}"
        hashes[name] = out
    assert len(set(hashes["one thread"].split())) == 2  # of two files
    assert set(hashes.values()) == {hashes["one thread"]}, hashes


def test_whole_decode_is_deterministic_in_fp32(files: list[Path], tiny: Path) -> None:
    def draw(path: Path) -> np.ndarray:
        model = Model(codec_file.read("fasdiff", tiny), decoder="reference", device="cpu", dtype=torch.float32)
        header, payload = read(path.read_bytes(), seed_of=lambda _: model.stream.seed)
        coding = Coding(payload, header.quality, header.scale)
        return decode(model, coding, header.height, header.width, DecompressOptions(seed=5))

    for path in files:
        np.testing.assert_array_equal(draw(path), draw(path))


X86 = {"architecture": "x86_64", "avx2": True}


@pytest.mark.parametrize(
    ("capabilities", "dtype"),
    [
        (X86, torch.float32),
        (X86 | {"avx512_f": True, "avx512_bf16": False, "amx_bf16": False}, torch.float32),
        (X86 | {"avx512_bf16": True}, torch.bfloat16),
        (X86 | {"amx_bf16": True}, torch.bfloat16),
        ({"architecture": "aarch64", "bf16": False}, torch.float32),
        ({"architecture": "aarch64", "bf16": True}, torch.bfloat16),
        ({}, torch.float32),
    ],
)
def test_precision_is_the_machines(
    monkeypatch: pytest.MonkeyPatch, capabilities: dict[str, Any], dtype: torch.dtype
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities, raising=False)
    assert precision.best_dtype("cpu") == dtype
    assert precision.cpu_has_bf16(capabilities) == (dtype == torch.bfloat16)


def test_precision_of_an_old_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(torch.cpu, "get_capabilities", raising=False)
    assert precision.best_dtype("cpu") == torch.float32
