"""The stages that teach the sight: they follow what their teachers see in drawn pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from intaglio.faces.recogniser import TEMPLATE
from intaglio.measures.sight import Look, Person
from intaglio.train import cached_faces, chain
from intaglio.train.ground import Ground
from intaglio.train.latent_cache import LatentCache
from intaglio.train.loop import train
from intaglio.train.resources import Resources
from intaglio.train.stages.look_stage import LookStageConfig
from intaglio.train.stages.person_stage import PersonStageConfig


@pytest.fixture
def resources(cache: LatentCache, tmp_path: Path) -> Resources:
    """Pictures in which a face is said to be; teachers with random weights."""
    torch.manual_seed(1)
    eyes, nose, mouth = (np.array(TEMPLATE)[part] / 2 for part in (slice(0, 2), slice(2, 3), slice(3, 5)))
    landmarks = np.repeat(np.tile(nose, (68, 1))[None], len(cache), 0).astype(np.float32)
    landmarks[:, 36:42], landmarks[:, 42:48], landmarks[:, 48], landmarks[:, 54] = *eyes, *mouth
    landmarks.tofile(cache.folder / cached_faces.LANDMARKS)
    return Resources({"pictures": cache}, Ground.of(None, torch.device("cpu")), cache.folder.parent / "data", 2)


def test_a_look_learns_its_teachers_slopes(resources: Resources, tiny: Path, tmp_path: Path) -> None:
    torch.manual_seed(0)
    config = LookStageConfig(
        start=Look(), steps=12, batch=4, crop=8, whole=1.0, lr=3e-3, warmup=1, ema=0.5, validate=12
    )
    stage = config.build(chain.read("fasdiff", tiny, resources.ground), resources)
    before, _ = stage.validate(config.start)
    after, sheet = stage.validate(train(stage, config, tmp_path / "look"))
    assert after["slopes"] > before["slopes"] + 0.05
    assert sheet.size == (64, 128)


def test_a_person_learns_its_teachers_vectors_and_slopes(resources: Resources, tiny: Path, tmp_path: Path) -> None:
    torch.manual_seed(0)
    config = PersonStageConfig(
        start=Person(), steps=10, batch=16, crop=8, whole=1.0, lr=3e-3, warmup=1, ema=0.5, validate=10, slopes=True
    )
    stage = config.build(chain.read("fasdiff", tiny, resources.ground), resources)
    before, _ = stage.validate(config.start)
    after, _ = stage.validate(train(stage, config, tmp_path / "person"))
    assert after["vectors"] > before["vectors"] + 0.1
