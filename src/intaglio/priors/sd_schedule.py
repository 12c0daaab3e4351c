"""A checkpoint's noise schedule in our terms: noise of deviation sigma on latents that keep their scale.

    ours  z = x + sigma n        theirs  z_t = sqrt(a_t) x + sqrt(1 - a_t) n = z / sqrt(1 + sigma^2)

so that sigma^2 = (1 - a_t) / a_t, and a time step, which need not be whole, goes with every sigma.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

PREDICTIONS = ("epsilon", "v_prediction", "sample")


class Schedule:
    """Time steps by noise level, and clean latents out of what a U-Net predicts."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        from diffusers import DDIMScheduler

        with torch.device("cpu"):  # also where networks are made without memory, on the device "meta"
            kept = DDIMScheduler.from_config(dict(config)).alphas_cumprod.double().clamp(min=1e-8)
        self.log_sigmas = ((1 - kept) / kept).log() / 2  # rising
        self.prediction: str = config.get("prediction_type") or "epsilon"
        if self.prediction not in PREDICTIONS:
            raise ValueError(f"a prediction of {self.prediction!r}")

    def step(self, sigma: torch.Tensor) -> torch.Tensor:
        """Time steps (B,), fractions between those of the schedule, of noise levels sigma (B,)."""
        table, wanted = self.log_sigmas.to(sigma.device), sigma.double().log()
        wanted = wanted.clamp(table[0], table[-1])
        above = torch.searchsorted(table, wanted).clamp(1, len(table) - 1)
        low, high = table[above - 1], table[above]
        return (above - 1 + (wanted - low) / (high - low)).float()

    def scaled(self, z: torch.Tensor, sigma: torch.Tensor) -> torch.Tensor:
        """Noisy latents z (B, C, h, w) as the U-Net takes them; sigma (B, 1, 1, 1)."""
        return z * (1 + sigma.square()).rsqrt()

    def clean(self, predicted: torch.Tensor, z: torch.Tensor, sigma: torch.Tensor) -> torch.Tensor:
        """The clean latents that the U-Net's answer means for noisy ones z; sigma (B, 1, 1, 1)."""
        if self.prediction == "epsilon":
            return z - sigma * predicted
        if self.prediction == "v_prediction":
            return (z * (1 + sigma.square()).rsqrt() - sigma * predicted) * (1 + sigma.square()).rsqrt()
        return predicted
