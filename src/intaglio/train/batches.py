"""Batches from the latent cache, and the validation pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from intaglio.spaces.taef2 import Autoencoder
from intaglio.train import cached_faces as faces
from intaglio.train import training_pictures as pictures
from intaglio.train.latent_cache import LatentCache
from intaglio.train.recipe import StageConfig

QUALITIES = 256


@dataclass
class Crops:
    """A batch of latents with their pictures, and a quality for each."""

    x: torch.Tensor  # (B, 3, 8n, 8n) in 0..1
    z: torch.Tensor  # (B, 32, n, n) normalised latents
    q: torch.Tensor  # (B,) quality 0..1, a multiple of 1/255
    landmarks: torch.Tensor  # (B, 68, 2) in the crop's pixels; NaN where no face was found
    people: torch.Tensor  # (B, 512) the recogniser's vectors of the whole pictures; NaN likewise
    whole: bool  # whole pictures, or crops of them
    steps: int = 1  # of the diffusion, where a stage draws
    perceptual: bool = False  # judged by a perceptual loss too, where a stage does so in a share of its steps


class Sampler:
    """Random crops (or, for a share of the steps, whole pictures) out of the caches, by a seeded generator.

    `shares` of the pictures come from each cache; all caches hold pictures of one size.
    """

    def __init__(
        self,
        caches: Sequence[LatentCache],
        shares: Sequence[float],
        cfg: StageConfig,
        device: torch.device | str = "cpu",
    ) -> None:
        self.caches, self.cfg, self.device = caches, cfg, device
        self.shares = np.array(shares) / sum(shares)
        self.landmarks = [faces.load(c, faces.LANDMARKS, (68, 2)) for c in caches]
        self.people = [faces.load(c, faces.EMBEDDINGS, (512,)) for c in caches]

    def __call__(self, rng: np.random.Generator) -> Crops:
        full = self.caches[0].size // 8
        whole = bool(rng.random() < self.cfg.whole)
        n = full if whole else self.cfg.crop
        b = max(1, self.cfg.batch // 4) if whole else self.cfg.batch
        of = rng.choice(len(self.caches), size=b, p=self.shares)
        rows = np.array([rng.integers(len(self.caches[c])) for c in of])
        tops, lefts = rng.integers(full - n + 1, size=b), rng.integers(full - n + 1, size=b)
        x, z = (torch.stack(t) for t in zip(*(self.caches[c].crop(*p, n) for c, *p in zip(of, rows, tops, lefts))))
        corners = torch.from_numpy(8.0 * np.stack([lefts, tops], 1)).float()[:, None]
        landmarks, people = _rows(self.landmarks, of, rows, (68, 2)) - corners, _rows(self.people, of, rows, (512,))
        # Stratified: every batch sees low and high qualities.
        even = (rng.permutation(b) + rng.random(b)) / b
        if self.cfg.low:
            even *= np.where(rng.random(b) < self.cfg.low, 2 / 3, 1)
        q = torch.from_numpy(np.floor(even * QUALITIES).clip(0, QUALITIES - 1) / (QUALITIES - 1)).float()
        x, z = (t.to(self.device).contiguous(memory_format=torch.channels_last) for t in (x, z))
        q, landmarks, people = (t.to(self.device) for t in (q, landmarks, people))
        return Crops(x, z, q, landmarks, people, whole)


def _rows(
    arrays: Sequence[NDArray[np.float32]], of: NDArray[Any], rows: NDArray[Any], shape: tuple[int, ...]
) -> torch.Tensor:
    """Row `rows[i]` of `arrays[of[i]]`, NaN where it has not so many."""
    missing = np.full(shape, np.nan, np.float32)
    return torch.from_numpy(np.stack([arrays[k][r] if r < len(arrays[k]) else missing for k, r in zip(of, rows)]))


class Validation:
    """The pictures checkpoints are judged by: all under `folder`, centre squares at `size`, with their latents."""

    x: torch.Tensor  # (N, 3, size, size) in 0..1, on the autoencoder's device
    z: torch.Tensor  # (N, 32, size/8, size/8) normalised latents

    def __init__(self, folder: str | Path, autoencoder: Autoencoder, size: int, limit: int | None = None) -> None:
        sources = sorted(pictures.find([folder]), key=lambda s: s.key)[:limit]
        arrays = [np.asarray(pictures.square(s.open(), size, 0, s.key)) for s in sources]
        self.x = torch.from_numpy(np.stack(arrays)).permute(0, 3, 1, 2).to(autoencoder.mean.device).float() / 255
        with torch.inference_mode():
            self.z = torch.cat([autoencoder.encode(x).float() for x in self.x.split(4)])
        self.z, self.x = self.z.clone(), self.x.clone()
