"""What the synthesis gives the diffusion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


@dataclass
class Prompt:
    """The visual prompt, and the two base results."""

    fine: torch.Tensor  # (B, fine, H/8, W/8)
    coarse: torch.Tensor  # (B, coarse, H/16, W/16)
    latent: torch.Tensor  # (B, latent, H/8, W/8) base latent
    packets: torch.Tensor  # (B, 192, H/8, W/8) base picture, wavelet packets of x - 1/2
    cond: torch.Tensor  # (B, cond) quality, and what a codec adds
