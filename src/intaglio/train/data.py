"""Batches from the latent cache, and the validation pictures."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from intaglio.latent.autoencoder import Autoencoder
from intaglio.train import pictures
from intaglio.train.cache import LatentCache
from intaglio.train.config import StageConfig

QUALITIES = 256


@dataclass
class Crops:
    """A batch of latents with their pictures, and a quality for each."""

    x: torch.Tensor  # (B, 3, 8n, 8n) in 0..1
    z: torch.Tensor  # (B, 32, n, n) normalised latents
    q: torch.Tensor  # (B,) quality 0..1, a multiple of 1/255
    whole: bool  # whole pictures, or crops of them
    rows: torch.Tensor  # (B,) rows of the cache
    steps: int = 1  # of the diffusion, where a stage draws


class Sampler:
    """Random crops (or, for a share of the steps, whole pictures) out of the cache, by a seeded generator."""

    def __init__(self, cache: LatentCache, cfg: StageConfig, device: torch.device | str = "cpu") -> None:
        self.cache, self.cfg, self.device = cache, cfg, device

    def __call__(self, rng: np.random.Generator) -> Crops:
        full = self.cache.size // 8
        whole = bool(rng.random() < self.cfg.whole)
        n = full if whole else self.cfg.crop
        b = max(1, self.cfg.batch // 4) if whole else self.cfg.batch
        rows = rng.integers(len(self.cache), size=b)
        tops, lefts = rng.integers(full - n + 1, size=b), rng.integers(full - n + 1, size=b)
        x, z = self.cache.batch(rows, tops, lefts, n)
        # Stratified: every batch sees low and high qualities.
        q = (rng.permutation(b) + rng.random(b)) / b
        q = np.floor(q * QUALITIES).clip(0, QUALITIES - 1) / (QUALITIES - 1)
        x, z = (t.to(self.device).contiguous(memory_format=torch.channels_last) for t in (x, z))
        return Crops(x, z, torch.from_numpy(q).float().to(self.device), whole, torch.from_numpy(rows))


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
