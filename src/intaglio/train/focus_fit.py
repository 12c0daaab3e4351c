"""The focus: a small net that sees the face in what the entropy model of y knows before y is coded.

Its answer, 1 where a face is read and 0 away from it, moves the quality index of y's steps up and down (`Stream`): both
ends have it for nothing. It is fitted when a codec is packed, to the landmarks of the originals.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from intaglio.compressor.compressor import Compressor
from intaglio.entropy.learned.fourpass_net import LIMIT
from intaglio.networks import packets
from intaglio.train import cached_faces as faces
from intaglio.train.latent_cache import LatentCache

WIDTH, ROWS, STEPS, BATCH = 16, 600, 500, 32
CELL = 16  # pixels of a position of y


def fit(compressor: Compressor, cache: LatentCache, seed: int = 0) -> nn.Sequential | None:
    """3x3 to `WIDTH` channels, clipped ReLU, 1x1 to the map; None where no landmarks of the cache's pictures are known."""
    landmarks = torch.from_numpy(faces.load(cache, faces.LANDMARKS, (68, 2)))
    rows = [row for row in range(len(landmarks)) if not landmarks[row].isnan().any()][:ROWS]
    if not rows:
        return None
    rng = np.random.default_rng(seed)
    features = torch.cat([side_features(compressor, cache, row, float(rng.uniform(0, 0.7))) for row in rows])
    maps = face_map(landmarks[rows], cache.size)
    torch.manual_seed(seed)
    net = nn.Sequential(nn.Conv2d(features.shape[1], WIDTH, 3, 1, 1), nn.Hardtanh(0, LIMIT), nn.Conv2d(WIDTH, 1, 1))
    optimiser = torch.optim.Adam(net.parameters(), lr=3e-3)
    for _ in range(STEPS):
        batch = torch.from_numpy(rng.choice(len(rows), min(BATCH, len(rows)), replace=False))
        optimiser.zero_grad()
        F.mse_loss(net(features[batch]), maps[batch]).backward()
        optimiser.step()
    return net


@torch.no_grad()
def side_features(compressor: Compressor, cache: LatentCache, row: int, quality: float) -> torch.Tensor:
    """What is known of y (1, width, n, n) before it is coded, of a whole picture at a quality of 0..1."""
    x, z = cache.crop(row, 0, 0, cache.side)
    assert compressor.entropy is not None
    coded = compressor.analyse(z[None], packets.analyse(x[None] - 0.5))
    return compressor.entropy.side_features_of_y(coded, torch.tensor([quality]))


def face_map(landmarks: torch.Tensor, side: int) -> torch.Tensor:
    """(B, 1, side / 16, side / 16): 1 where a face is read, 0 away from it.

    `landmarks` (B, 68, 2) in the pixels of crops `side` pixels wide, NaN for none.
    """
    return faces.weights(landmarks, side, CELL, 2.0) - 1


def qualities(landmarks: torch.Tensor, side: int, q: torch.Tensor, strength: int) -> torch.Tensor:
    """Qualities (B, side / 16, side / 16) of y for who knows where faces are; q (B,) itself where there is none.

    `landmarks` as in `face_map`; `strength` as `Stream` has it, in indices.
    """
    moved = (2 * face_map(landmarks, side)[:, 0] - 1) * (strength / 255)
    known = ~landmarks.isnan().flatten(1).any(1)[:, None, None]
    return (q[:, None, None] + moved * known).clamp(0, 1)
