"""Pictures of prompts, and drawn pictures held to them."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from intaglio.compressor.prompt import Prompt
from intaglio.networks import packets


def base_picture(prompt: Prompt) -> torch.Tensor:
    """The base picture (B, 3, H, W), about 0..1: `realism` 0."""
    return packets.synthesise(prompt.packets.float()) + 0.5


def base_means(prompt: Prompt) -> torch.Tensor:
    """The base picture's 8x8 means (B, 3, H/8, W/8): its low band."""
    return prompt.packets[:, :3].float() / packets.SIDE + 0.5


def hold_low_band(x: torch.Tensor, prompt: Prompt) -> torch.Tensor:
    """The picture with its 8x8 means, smoothly interpolated, moved to the base picture's: low-frequency consistency."""
    return x + F.interpolate(
        base_means(prompt) - F.avg_pool2d(x, packets.SIDE), scale_factor=packets.SIDE, mode="bilinear"
    )
