"""What FaSDiff's semantic tokens have to say: who it is, as the principal components of a face recogniser's vector."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from intaglio.codecs.common.compressor import Coded
from intaglio.train.data import Crops

UNIT = 10.0  # makes principal components of unit vectors about one


def principal(people: NDArray[np.float32], count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The mean (512,) of vectors (N, 512), and UNIT times their `count` principal directions (512, count); else zeros."""
    if len(people) < count:
        return torch.zeros(512), torch.zeros(512, count)
    mean = people.mean(0)
    _, directions = np.linalg.eigh(np.cov(people - mean, rowvar=False))  # ascending
    return torch.from_numpy(mean), torch.from_numpy(UNIT * directions[:, : -count - 1 : -1].astype(np.float32))


class Semantics:
    """Measures `count` tokens by the vectors of people (N, 512 each) in the caches, NaN where no face was found."""

    def __init__(self, people: Sequence[NDArray[np.float32]], count: int, device: torch.device | str) -> None:
        every = np.concatenate(people)
        found = principal(every[~np.isnan(every[:, 0])], count)
        self.mean, self.basis = (t.to(device) for t in found)

    def missed(self, coded: Coded, batch: Crops, faces: torch.Tensor) -> torch.Tensor:
        """The share (N,), in squares, of what there is to say that the tokens of crops `faces` (N,) miss.

        A squared error: a cosine's gradient grows without bound near zero, where tokens begin.
        """
        wanted = (batch.people[faces] - self.mean) @ self.basis
        error = (coded.vector[faces, :, 0, 0].float() - wanted).square().sum(1)
        return error / wanted.square().sum(1).clamp(min=1e-6)
