"""The pictures that checkpoints are judged by, what is said of them, and sheets to look at."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from intaglio.spaces.space import LatentSpace
from intaglio.train import training_pictures as pictures


class Validation:
    """The first `limit` pictures under `folder` by name, centre squares at `size`, with their latents."""

    x: torch.Tensor  # (N, 3, size, size) in 0..1, on a device
    z: torch.Tensor  # (N, C, size/factor, size/factor) normalised latents

    def __init__(
        self, folder: Path, space: LatentSpace, size: int, limit: int | None = None, device: torch.device | str = "cpu"
    ) -> None:
        sources = sorted(pictures.find([folder]), key=lambda s: s.key)[:limit]
        arrays = [np.asarray(pictures.square(s.open(), size, 0, s.key)) for s in sources]
        self.x = torch.from_numpy(np.stack(arrays)).permute(0, 3, 1, 2).to(device).float() / 255
        with torch.no_grad():
            self.z = torch.cat([space.encode(x).float() for x in self.x.split(4)])


def psnr(a: torch.Tensor, b: torch.Tensor) -> float:
    """Mean over pictures (B, 3, H, W) in 0..1, dB."""
    return float(-10 * torch.log10((a - b).square().mean((1, 2, 3))).mean())


def sheet(rows: Sequence[torch.Tensor]) -> Image.Image:
    """Each row a batch of pictures (B, 3, H, W) in 0..1, side by side; rows are stacked downwards."""
    strips = [torch.cat(list(row.float().clamp(0, 1).cpu()), 2) for row in rows]
    width = max(strip.shape[2] for strip in strips)
    strips = [torch.nn.functional.pad(strip, (0, width - strip.shape[2])) for strip in strips]
    pixels = (torch.cat(strips, 1) * 255).round().byte().permute(1, 2, 0).numpy()
    return Image.fromarray(np.ascontiguousarray(pixels))
