"""Batches from latent caches: random crops, or whole pictures, with a quality for each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from intaglio.train import cached_faces as faces
from intaglio.train.latent_cache import LatentCache

QUALITIES = 256
LOW = 2 / 3  # qualities below are low
MARGIN = 16  # pixels at the border of a crop that see less than they would in the whole picture: not judged


@dataclass
class Crops:
    """A batch of latents with their pictures, and a quality for each."""

    x: torch.Tensor  # (B, 3, factor n, factor n) in 0..1
    z: torch.Tensor  # (B, C, n, n) normalised latents
    q: torch.Tensor  # (B,) quality 0..1, a multiple of 1/255
    landmarks: torch.Tensor  # (B, 68, 2) in the crop's pixels; NaN where no face is known
    people: torch.Tensor  # (B, 512) the recogniser's vectors of the whole pictures; NaN likewise
    whole: bool  # whole pictures, or crops of them
    steps: int = 1  # of the diffusion, where a stage draws
    perceptual: bool = False  # judged by a perceptual loss too, where a stage does so in a share of its steps

    def __len__(self) -> int:
        return len(self.x)

    @property
    def kind(self) -> tuple[object, ...]:
        """What the work of a step depends on: batches of one kind cost the same."""
        return tuple(self.x.shape), self.whole, self.steps, self.perceptual

    def judged(self, x: torch.Tensor) -> torch.Tensor:
        """The part of pictures (B, 3, H, W) of these crops that is judged; of whole pictures, all."""
        return x if self.whole else x[..., MARGIN:-MARGIN, MARGIN:-MARGIN]


class CropSource:
    """Random crops (or, for a share of the steps, whole pictures) out of latent caches, by a seeded generator.

    Args:
        caches: all of pictures of one size. shares: of the pictures that come from each cache.
        batch: crops at a time; a quarter as many whole pictures. crop: their side, latents.
        whole: share of the batches that are whole pictures.
        low: share of the crops whose quality is of the lower two thirds alone.
    """

    def __init__(
        self,
        caches: Sequence[LatentCache],
        shares: Sequence[float],
        *,
        batch: int,
        crop: int,
        whole: float,
        low: float = 0.0,
        device: torch.device | str = "cpu",
    ) -> None:
        self.caches, self.device = caches, device
        self.batch, self.crop, self.whole, self.low = batch, crop, whole, low
        self.side = caches[0].side  # latents of a whole picture
        self.factor = caches[0].factor
        self._shares = np.array(shares) / sum(shares)
        self._landmarks = [faces.load(c, faces.LANDMARKS, (68, 2)) for c in caches]
        self._people = [faces.load(c, faces.EMBEDDINGS, (512,)) for c in caches]

    def __call__(self, rng: np.random.Generator) -> Crops:
        whole = bool(rng.random() < self.whole)
        n, b = (self.side, max(1, self.batch // 4)) if whole else (self.crop, self.batch)
        of = rng.choice(len(self.caches), size=b, p=self._shares)
        rows = np.array([rng.integers(len(self.caches[c])) for c in of])
        tops, lefts = rng.integers(self.side - n + 1, size=b), rng.integers(self.side - n + 1, size=b)
        pairs = [self.caches[c].crop(row, top, left, n) for c, row, top, left in zip(of, rows, tops, lefts)]
        x, z = (torch.stack(t).to(self.device).contiguous(memory_format=torch.channels_last) for t in zip(*pairs))
        corners = torch.from_numpy(float(self.factor) * np.stack([lefts, tops], 1)).float()[:, None]
        landmarks = (_rows(self._landmarks, of, rows, (68, 2)) - corners).to(self.device)
        people = _rows(self._people, of, rows, (512,)).to(self.device)
        return Crops(x, z, self._qualities(rng, b).to(self.device), landmarks, people, whole)

    def _qualities(self, rng: np.random.Generator, b: int) -> torch.Tensor:
        """(b,), stratified: every batch sees low and high qualities."""
        even = (rng.permutation(b) + rng.random(b)) / b
        if self.low:
            even *= np.where(rng.random(b) < self.low, LOW, 1)
        return torch.from_numpy(np.floor(even * QUALITIES).clip(0, QUALITIES - 1) / (QUALITIES - 1)).float()


def _rows(
    arrays: Sequence[NDArray[np.float32]], of: NDArray[np.int64], rows: NDArray[np.int64], shape: tuple[int, ...]
) -> torch.Tensor:
    """Row `rows[i]` of `arrays[of[i]]`, NaN where it has not so many."""
    missing = np.full(shape, np.nan, np.float32)
    return torch.from_numpy(np.stack([arrays[k][r] if r < len(arrays[k]) else missing for k, r in zip(of, rows)]))
