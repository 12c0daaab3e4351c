"""A small report, for all that is made of one."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from intaglio.bench import coded_files
from intaglio.bench.results import Results

NAMES = ["a", "b", "c"]
CODECS = {"fasdiff": [400.0, 800.0], "avif": [10.0, 20.0, 30.0], "avif/2": [10.0, 20.0]}
MEASURES = [
    {"name": "psnr", "title": "PSNR (dB)", "lower": False, "note": ""},
    {"name": "lpips", "title": "LPIPS (AlexNet)", "lower": True, "note": "a </script> in a note"},
]
FACTS = {
    "date": "2026-01-01", "machine": "a machine", "precision": "float32", "torch": "2.0", "command": "intaglio bench run",
    "weights of fasdiff": "43dcb6cb",
}  # fmt: skip


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """Of torch, here and in processes that a test starts: tiny networks gain nothing, and threads wait for busy cores."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "1")
        yield
    torch.set_num_threads(threads)


@pytest.fixture
def pictures() -> dict[str, NDArray[np.uint8]]:
    rng = np.random.default_rng(0)
    return {name: rng.integers(0, 256, (32, 40, 3), np.uint8) for name in NAMES}


@pytest.fixture
def results(tmp_path: Path, pictures: dict[str, NDArray[np.uint8]]) -> Results:
    """Of three pictures, fasdiff against avif at two sizes, lpips falling by .1 with each doubling of fasdiff's bytes."""
    folder = tmp_path / "report"
    results = Results(folder)
    results.add(
        "run",
        {
            "set": "test", "pictures": NAMES, "codecs": CODECS, "mine": ["fasdiff"], "bpp": False, "measures": MEASURES,
            "left_out": {"niqe": "NIQE is left out."}, "facts": FACTS,
            "groups": {f"{name}.png": {"group": group, "sex": ""} for name, group in zip(NAMES, ("x", "x", "y"))},
        },
    )  # fmt: skip
    for codec, settings in CODECS.items():
        for k, setting in enumerate(settings):
            for i, name in enumerate(NAMES):
                size = (k + 1) * (200 if codec == "fasdiff" else 300)
                loss = 0.4 - 0.1 * k + (0.2 * i if codec == "fasdiff" else 0)
                row = {"codec": codec, "setting": setting, "picture": name, "bytes": size + 9, "counted": size}
                results.add("row", row | {"pixels": 1280, "psnr": 30 - 10 * loss, "lpips": loss})
                coded_files.store(coded_files.place(folder, codec, setting, name), b"0" * size, pictures[name])
    results.add("time", {"codec": "fasdiff", "setting": 400, "encode_s": 1.5, "decode_s": 0.25, "peak_mb": 900.0})
    return results
