"""The four coded tensors as networks see them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from intaglio.entropy.wiring import SECTIONS

if TYPE_CHECKING:
    import torch


@dataclass
class Coded:
    """The four coded tensors of a batch, before (analysis) or after (decoding) quantisation."""

    lf: torch.Tensor  # (B, lf, H/32, W/32)
    h: torch.Tensor  # (B, h, H/32, W/32)
    vector: torch.Tensor  # (B, vector, 1, 1)
    y: torch.Tensor  # (B, y, H/16, W/16)

    @classmethod
    def of(cls, arrays: Mapping[str, NDArray[np.float32]], device: torch.device, dtype: torch.dtype) -> Coded:
        """One picture's tensors (C, h, w), as a batch of one."""
        import torch

        return cls(**{name: torch.from_numpy(arrays[name]).to(device, dtype)[None] for name in SECTIONS})

    def arrays(self, row: int = 0) -> dict[str, NDArray[np.float32]]:
        """One picture of the batch: tensors (C, h, w)."""
        return {name: getattr(self, name)[row].float().cpu().numpy() for name in SECTIONS}
