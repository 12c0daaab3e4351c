"""Shared by all tests."""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch: its threads spin, and tests of tiny networks gain nothing

from pathlib import Path

import pytest
from hypothesis import settings

from intaglio.codec import Codec
from intaglio.pipeline.model import Model
from intaglio.testing import TinyModel
from intaglio.weights import codec_file

# No deadlines: a slow or busy machine is no bug. Fixed examples in continuous integration, new ones elsewhere.
settings.register_profile("intaglio", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("intaglio")


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The weights file of a tiny random FaSDiff, a custom stream."""
    return TinyModel().write(tmp_path_factory.mktemp("tiny") / "tiny.safetensors")


@pytest.fixture(scope="session")
def tiny_cgdm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The weights file of a tiny random CGDM, a custom stream."""
    return TinyModel("cgdm", seed=4).write(tmp_path_factory.mktemp("tiny") / "cgdm.safetensors")


@pytest.fixture(scope="session")
def tiny_codec(tiny: Path) -> Codec:
    """A codec of the tiny FaSDiff, drawing with the reference decoder."""
    return Codec("fasdiff", weights=tiny, decoder="reference", device="cpu")


@pytest.fixture(scope="session")
def tiny_model(tiny: Path) -> Model:
    """The same as encoder and decoder know it."""
    return Model(codec_file.read("fasdiff", tiny), decoder="reference", device="cpu")


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch, tiny: Path, tiny_cgdm: Path) -> None:
    """Both tiny models in place of the packaged ones, for whoever names no weights."""
    monkeypatch.setenv("INTAGLIO_FASDIFF", str(tiny))
    monkeypatch.setenv("INTAGLIO_CGDM", str(tiny_cgdm))
