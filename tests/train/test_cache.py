"""The latent cache goes on where it was stopped, and refuses other data."""

from pathlib import Path

import numpy as np
import pytest

from intaglio.spaces.taef2 import Autoencoder
from intaglio.train import generated, latent_cache
from intaglio.train.training_errors import TrainingError

SPACE = Autoencoder.load()


def test_a_stopped_cache_goes_on_to_the_same_rows(tmp_path: Path) -> None:
    data = [generated.make(tmp_path / "data", 3, 32, 0)]
    whole = latent_cache.build(tmp_path / "whole", data, space=SPACE, size=32, variants=2, batch=2)
    parts = tmp_path / "parts"
    assert len(latent_cache.build(parts, data, space=SPACE, size=32, variants=2, batch=2, limit=2)) == 2
    assert len(latent_cache.build(parts, data, space=SPACE, size=32, variants=2, batch=2, deadline=0)) == 4
    cache = latent_cache.build(parts, data, space=SPACE, size=32, variants=2, batch=2)
    assert len(cache) == len(whole) == whole.total == 6
    assert np.array_equal(cache.crops, whole.crops)
    assert np.array_equal(cache.latents, whole.latents)
    with pytest.raises(TrainingError, match="other data or another size or space"):
        latent_cache.build(parts, data, space=SPACE, size=64, variants=2)


def test_small_pictures_are_left_out(tmp_path: Path) -> None:
    data = [generated.make(tmp_path / "large", 2, 64, 0), generated.make(tmp_path / "small", 3, 32, 1)]
    assert latent_cache.build(tmp_path / "cache", data, space=SPACE, size=32, variants=1, least=48, limit=1).total == 2
    with pytest.raises(TrainingError, match="65 pixels"):
        latent_cache.build(tmp_path / "none", data, space=SPACE, size=32, variants=1, least=65)


def test_without_pictures_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="does not exist"):
        latent_cache.build(tmp_path / "cache", [tmp_path / "nowhere"], space=SPACE, size=32, variants=1)
    (tmp_path / "empty").mkdir()
    with pytest.raises(TrainingError, match="there is no picture under"):
        latent_cache.build(tmp_path / "cache", [tmp_path / "empty"], space=SPACE, size=32, variants=1)
