"""MS-SSIM (Wang, Simoncelli and Bovik 2003) on R, G and B, averaged; the paper's was on luma.

An 11x11 Gaussian of sigma 1.5, only where it lies inside the picture; each scale is the 2x2 mean of the one before, as in
the package pytorch-msssim. Five scales need more than 160 pixels on the shorter side. A smaller picture has as many as
fit, with their exponents scaled to the same sum; such figures compare only with those of pictures of its size.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from intaglio.measures.features import to_tensor
from intaglio.measures.measure import Rgb

EXPONENTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)  # finest scale first
WINDOW, SIGMA = 11, 1.5
C1, C2 = 0.01**2, 0.03**2


def scales(height: int, width: int) -> int:
    """How many scales a picture has: at the last one the window must have at least two places a side. 0 to 5."""
    side = min(height, width)
    return sum(side > (WINDOW - 1) << s for s in range(len(EXPONENTS)))


def blur(x: Tensor) -> Tensor:
    """The Gaussian mean around each place (B, 1, H, W) to (B, 1, H - 10, W - 10)."""
    window = torch.exp(-(torch.arange(WINDOW, dtype=torch.float32) - WINDOW // 2).square() / (2 * SIGMA**2))
    window = (window / window.sum()).view(1, 1, WINDOW, 1)
    return F.conv2d(F.conv2d(x, window), window.transpose(2, 3))


def terms(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """SSIM and its contrast-structure part of planes (B, 1, H, W), each a mean over places (B,)."""
    mx, my = blur(x), blur(y)
    vx, vy, cov = blur(x * x) - mx * mx, blur(y * y) - my * my, blur(x * y) - mx * my
    contrast = (2 * cov + C2) / (vx + vy + C2)
    luminance = (2 * mx * my + C1) / (mx * mx + my * my + C1)
    return (luminance * contrast).mean((1, 2, 3)), contrast.mean((1, 2, 3))


class MsSsim:
    name = "ms_ssim"
    title = "MS-SSIM"
    lower = False
    note = "fewer scales below 161 pixels a side"

    def describe(self, rgb: Rgb) -> Tensor:
        return to_tensor(rgb).transpose(0, 1)  # a channel is a picture of its own

    @torch.no_grad()
    def compare(self, original: Tensor, decoded: Tensor) -> float | None:
        """None for a picture of under 11 pixels a side: not one window fits."""
        x, y = original, decoded
        n = scales(x.shape[2], x.shape[3])
        if not n:
            return None
        product = torch.ones(3)
        for s in range(n):
            ssim, contrast = terms(x, y)
            factor = ssim if s == n - 1 else contrast  # luminance counts at the coarsest scale only
            product *= factor.clamp(min=0) ** (EXPONENTS[s] * sum(EXPONENTS) / sum(EXPONENTS[:n]))
            x, y = (F.avg_pool2d(p, 2, padding=[side % 2 for side in p.shape[2:]]) for p in (x, y))
        return float(product.mean())
