"""Cards of a tiny model, with keys of both algorithms."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

collect_ignore_glob = [] if find_spec("zxingcpp") else ["test_*.py"]  # without `intaglio[barcode]`


@pytest.fixture(scope="session")
def portrait() -> Image.Image:
    """Of nobody: smooth noise, 96x128."""
    pixels = np.random.default_rng(5).integers(0, 256, (16, 12, 3), dtype=np.uint8)
    return Image.fromarray(pixels).resize((96, 128), Image.Resampling.BICUBIC)


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ed25519.pem, es256.pem, their public keys, and a folder `other` of a stranger's."""
    from intaglio.barcode import keyring

    folder = tmp_path_factory.mktemp("keys")
    for algorithm in ("ed25519", "es256"):
        keyring.new(folder / f"{algorithm}.pem", algorithm)
    keyring.new(folder / "other" / "stranger.pem")
    return folder
