"""Shared by the tests of training."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from intaglio.spaces.taef2 import Autoencoder
from intaglio.train import generated, latent_cache
from intaglio.train.latent_cache import LatentCache


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> Iterator[None]:
    """Networks this small are done before a second thread has woken."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> LatentCache:
    """Two generated pictures of 64 pixels, with their latents."""
    folder = tmp_path_factory.mktemp("cache")
    data = [generated.make(folder / "data", 2, 64, 0)]
    return latent_cache.build(folder / "cache", data, space=Autoencoder.load(), size=64, variants=1)
