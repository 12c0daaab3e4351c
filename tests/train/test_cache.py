"""The latent cache goes on where it was stopped, and refuses other data."""

from pathlib import Path

import numpy as np
import pytest

from intaglio.train import generated
from intaglio.train import latent_cache as cache


def test_a_stopped_cache_goes_on_to_the_same_rows(tmp_path: Path) -> None:
    data = [generated.make(tmp_path / "data", 3, 32, 0)]
    whole = cache.build(tmp_path / "whole", data, size=32, variants=2, batch=2)
    assert len(cache.build(tmp_path / "parts", data, size=32, variants=2, batch=2, limit=2)) == 2
    assert len(cache.build(tmp_path / "parts", data, size=32, variants=2, batch=2, deadline=0)) == 4
    parts = cache.build(tmp_path / "parts", data, size=32, variants=2, batch=2)
    assert len(parts) == len(whole) == whole.total == 6
    assert np.array_equal(parts.crops, whole.crops)
    assert np.array_equal(parts.latents, whole.latents)
    with pytest.raises(FileExistsError, match="other data or another size"):
        cache.build(tmp_path / "parts", data, size=64, variants=2)


def test_small_pictures_are_left_out(tmp_path: Path) -> None:
    data = [generated.make(tmp_path / "large", 2, 64, 0), generated.make(tmp_path / "small", 3, 32, 1)]
    assert cache.build(tmp_path / "cache", data, size=32, variants=1, least=48).total == 2
    with pytest.raises(FileNotFoundError, match="65 pixels"):
        cache.build(tmp_path / "none", data, size=32, variants=1, least=65)
