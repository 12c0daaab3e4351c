"""Shared by all tests."""

from __future__ import annotations

import os
import runpy
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from intaglio.codec import Codec

# No deadlines: a slow or busy machine is no bug. Fixed examples in continuous integration, new ones elsewhere.
settings.register_profile("intaglio", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("intaglio")


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The weights file of a tiny random model, a custom stream."""
    path = tmp_path_factory.mktemp("tiny") / "tiny.safetensors"
    runpy.run_path(str(Path(__file__).with_name("tiny.py")))["write"](path)
    return path


@pytest.fixture(scope="session")
def tiny_codec(tiny: Path) -> Codec:
    """A codec of it, drawing with the reference decoder."""
    from intaglio.codec import Codec

    return Codec("fasdiff", weights=tiny, decoder="reference", device="cpu")


@pytest.fixture(scope="session")
def tiny_cgdm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The weights file of a tiny random CGDM, a custom stream."""
    path = tmp_path_factory.mktemp("tiny") / "cgdm.safetensors"
    runpy.run_path(str(Path(__file__).with_name("tiny.py")))["write"](path, "cgdm", 4)
    return path
