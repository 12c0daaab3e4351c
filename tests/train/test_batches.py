"""Batches see all qualities, or more of the low ones where a stage says so."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from intaglio.train import cached_faces as faces
from intaglio.train.batches import CropSource
from intaglio.train.latent_cache import LatentCache


@pytest.mark.parametrize(("low", "above"), [(0.0, 1 / 3), (0.6, 0.4 / 3), (1.0, 0.0)])
def test_share_of_the_upper_third_of_qualities(cache: LatentCache, low: float, above: float) -> None:
    source = CropSource([cache], [1.0], batch=30, crop=2, whole=0.0, low=low)
    q = np.concatenate([source(np.random.default_rng(i)).q.numpy() for i in range(40)])
    assert abs(float((q > 2 / 3).mean()) - above) < 0.03
    assert float((q < 1 / 12).mean()) > 0.05


def test_whole_pictures_and_crops_take_turns(cache: LatentCache) -> None:
    source = CropSource([cache], [1.0], batch=8, crop=6, whole=0.5)
    batches = [source(np.random.default_rng(i)) for i in range(40)]
    assert {b.kind[:2] for b in batches} == {((2, 3, 64, 64), True), ((8, 3, 48, 48), False)}
    assert all(b.judged(b.x).shape[3] == (64 if b.whole else 16) for b in batches)
    assert 10 < sum(b.whole for b in batches) < 30


def test_landmarks_follow_the_crop(cache: LatentCache, tmp_path: Path) -> None:
    for name in ("index.json", "crops.u8", "latents.f16", "done"):
        (tmp_path / name).symlink_to(cache.folder / name)
    landmarks = np.full((1, 68, 2), 40, np.float32)  # of the first of two pictures
    landmarks.tofile(tmp_path / faces.LANDMARKS)
    source = CropSource([LatentCache(tmp_path)], [1.0], batch=30, crop=2, whole=0.0)
    batch = source(np.random.default_rng(0))
    known = ~batch.landmarks.isnan().flatten(1).any(1)
    assert known.any() and not known.all()
    for z, points in zip(batch.z[known], batch.landmarks[known]):
        left, top = ((40 - points[0]) / 8).long().tolist()
        assert torch.equal(z, torch.from_numpy(np.array(cache.latents[0, :, top : top + 2, left : left + 2])).float())
