"""What coding costs and what it misses, as the stages weigh it that train the compressor.

    loss = (bits / pixels + lambda(q) * (LATENT * |z - z_base|^2 + PICTURE * |x - x_base|^2 + ...)) / sqrt(lambda(q))

The division keeps low and high rates of equal weight. lambda runs geometrically over quality. Errors of latent and
picture weigh FACE times as much where a face is read.
"""

from __future__ import annotations

import torch

from intaglio.compressor.objective import LATENT, PICTURE, lam
from intaglio.compressor.prompt import Prompt
from intaglio.train.batches import Crops
from intaglio.train.cached_faces import weights

FACE = 4.0  # what errors weigh where a face is read


def bits_per_pixel(bits: dict[str, torch.Tensor], side: int, pixels: int) -> torch.Tensor:
    """Bits (B,) of a crop's sections as bits a pixel; the vector's are shared by all `pixels` of a picture."""
    spatial = torch.stack([b for name, b in bits.items() if name != "vector"]).sum(0)
    return spatial / side**2 + bits["vector"] / max(pixels, side**2)


def objective(
    bits: dict[str, torch.Tensor], prompt: Prompt, batch: Crops, p: torch.Tensor, pixels: int
) -> tuple[torch.Tensor, torch.Tensor, dict[str, torch.Tensor]]:
    """(bits a pixel (B,), errors (B,) of base latent and base picture, figures (B,)) of crops with packets p."""
    side = batch.x.shape[3]
    rate = bits_per_pixel(bits, side, pixels)
    where = weights(batch.landmarks, side, 8, FACE)
    latent = (where * (prompt.latent.float() - batch.z).square()).mean((1, 2, 3))
    picture = (where * (prompt.packets.float() - p).square()).mean((1, 2, 3))
    figures = {"bpp": rate, "vector": bits["vector"] / 8, "latent": latent, "picture": picture}
    return rate, LATENT * latent + PICTURE * picture, figures


def lagrangian(rate: torch.Tensor, error: torch.Tensor, q: torch.Tensor) -> torch.Tensor:
    """The loss above, of rates and errors (B,) at qualities q (B,)."""
    weight = lam(q)
    return ((rate + weight * error) * weight.rsqrt()).mean()
