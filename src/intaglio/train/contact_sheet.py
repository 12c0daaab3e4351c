"""Contact sheets: rows of pictures side by side, for looking at."""

from __future__ import annotations

import numpy as np
import torch
from PIL import Image


def sheet(rows: list[torch.Tensor]) -> Image.Image:
    """Each row a batch of pictures (B, 3, H, W) in 0..1; rows are stacked downwards."""
    strips = [torch.cat(list(r.float().clamp(0, 1).cpu()), 2) for r in rows]
    width = max(s.shape[2] for s in strips)
    strips = [torch.nn.functional.pad(s, (0, width - s.shape[2])) for s in strips]
    pixels = (torch.cat(strips, 1) * 255).round().byte().permute(1, 2, 0).numpy()
    return Image.fromarray(np.ascontiguousarray(pixels))
