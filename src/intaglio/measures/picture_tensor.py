"""Pictures as the feature networks take them."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from intaglio.measures.measure import Rgb

# Means and deviations of ImageNet's pictures in 0..1: what VGG16 and AlexNet were trained with.
MEAN = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)
DEVIATION = torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)


def to_tensor(rgb: Rgb) -> Tensor:
    """(H, W, 3) in 0..255 to (1, 3, H, W) in 0..1."""
    return torch.from_numpy(np.array(rgb)).permute(2, 0, 1)[None].float() / 255
