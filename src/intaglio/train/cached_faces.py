"""Where the faces of a latent cache are and who they are, by what is seen on the originals, once.

DIR/landmarks.f32   (N, 68, 2) landmarks in pixels of the cached picture; NaN where there is no face
DIR/embeddings.f32  (N, 512) the recogniser's unit vectors; NaN likewise
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from intaglio.faces.landmarks68 import LandmarkFinder
from intaglio.faces.recogniser import FaceRecogniser
from intaglio.train.latent_cache import LatentCache

BATCH = 16
SMALLEST = 0.12  # extent of a face over the picture's side; smaller is a wrong finding or cannot be read
LANDMARKS, EMBEDDINGS = "landmarks.f32", "embeddings.f32"
EYES, MOUTH = slice(36, 48), slice(48, 68)
READ = slice(17, 68)  # brows, nose, eyes, mouth: all but the jaw


def plausible(landmarks: torch.Tensor, side: int) -> torch.Tensor:
    """(B, 68, 2) to (B,): large enough, inside the picture and the eyes above the mouth."""
    low, high = landmarks.amin(1), landmarks.amax(1)
    extent = (high - low).amin(1)
    upright = landmarks[:, MOUTH, 1].mean(1) - landmarks[:, EYES, 1].mean(1) > 0.2 * extent
    return (extent > SMALLEST * side) & upright & (low > -0.1 * side).all(1) & (high < 1.1 * side).all(1)


@torch.inference_mode()
def locate(cache: LatentCache, features: Path) -> None:
    """Fill in what is missing for the cache's rows; a later call goes on where the rows of an earlier one end."""
    finder, recogniser = LandmarkFinder(features), FaceRecogniser(features)
    known, vectors = load(cache, LANDMARKS, (68, 2)), load(cache, EMBEDDINGS, (512,))
    places, people = [known], [vectors]
    for start in range(len(known), len(cache), BATCH):
        crops = cache.crops[start : min(start + BATCH, len(cache))]
        x = torch.from_numpy(np.array(crops)).permute(0, 3, 1, 2).float() / 255
        landmarks = finder(x)
        missing = ~plausible(landmarks, cache.size)
        embedded = recogniser.embed(x, landmarks)
        landmarks[missing], embedded[missing] = torch.nan, torch.nan
        places.append(landmarks.numpy())
        people.append(embedded.numpy())
    for name, parts in ((LANDMARKS, places), (EMBEDDINGS, people)):
        temporary = cache.folder / (name + ".tmp")
        np.concatenate(parts).tofile(temporary)
        os.replace(temporary, cache.folder / name)


def load(cache: LatentCache, name: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """(rows, *shape) of a file beside the cache; no rows if there is none."""
    path = cache.folder / name
    values = np.fromfile(path, np.float32) if path.exists() else np.zeros(0, np.float32)
    return values.reshape(-1, *shape)


def weights(landmarks: torch.Tensor, side: int, cell: int, peak: float) -> torch.Tensor:
    """What errors weigh in cells of `cell` pixels of crops `side` pixels wide: (B, 1, side / cell, side / cell).

    1 away from faces, `peak` where one is read, falling off over a twelfth of the face's extent. `landmarks`
    (B, 68, 2) in the crop's pixels, NaN for none.
    """
    middles = (torch.arange(side // cell, device=landmarks.device) + 0.5) * cell
    points = landmarks[:, READ].nan_to_num(-1e6)
    extent = (points.amax(1) - points.amin(1)).amax(1).clamp(min=1.0)[:, None, None]
    across = (middles[None, None] - points[..., :1]).square()  # (B, 51, n)
    down = (middles[None, None] - points[..., 1:]).square()
    nearest = (down[:, :, :, None] + across[:, :, None, :]).amin(1)  # (B, n, n)
    return (1 + (peak - 1) * torch.exp(-0.5 * nearest / (extent / 12).square()))[:, None]
