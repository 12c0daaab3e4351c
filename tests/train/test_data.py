"""Batches see all qualities, or more of the low ones where a stage says so."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from intaglio.train import generated
from intaglio.train import latent_cache as cache
from intaglio.train.batches import Sampler
from intaglio.train.recipe import StageConfig


@pytest.mark.parametrize(("low", "above"), [(0.0, 1 / 3), (0.6, 0.4 / 3), (1.0, 0.0)])
def test_share_of_the_upper_third_of_qualities(tmp_path: Path, low: float, above: float) -> None:
    made = cache.build(tmp_path / "cache", [generated.make(tmp_path / "data", 2, 128, 0)], size=128, variants=1)
    sampler = Sampler([made], [1.0], StageConfig(steps=1, batch=30, crop=2, whole=0.0, low=low))
    q = np.concatenate([sampler(np.random.default_rng(i)).q.numpy() for i in range(40)])
    assert abs(float((q > 2 / 3).mean()) - above) < 0.03
    assert float((q < 1 / 12).mean()) > 0.05
