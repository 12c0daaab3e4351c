"""Between pictures and latents by a Stable Diffusion checkpoint's autoencoder: mostly 4 channels at 1/8 of the size.

x (B, 3, H, W) in [0, 1]  --encode-->  z (B, C, H/F, W/F), scaled to variance 1 as the U-Net has them  --decode-->  x
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from intaglio.checkpoints.stable_diffusion import Checkpoint
from intaglio.networks.shared import Holder, Shared


class StableDiffusionSpace(Holder):
    """A `LatentSpace`; a latent is the mean of the autoencoder's posterior, and so the same for the same picture."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        super().__init__(Shared(checkpoint.vae))
        config = checkpoint.vae.config
        self.name = f"stable-diffusion-{checkpoint.base.identity}"
        self.channels: int = config.latent_channels
        self.factor: int = 2 ** (len(config.block_out_channels) - 1)
        self.scaling: float = config.scaling_factor

    def encode(self, x: Tensor, tile: int = 0) -> Tensor:
        """Picture (B, 3, H, W) in [0, 1] -> latent (B, C, ceil(H/F), ceil(W/F)), filled up with copies of its last lines."""
        height, width = x.shape[-2:]
        padded = F.pad(x, (0, -width % self.factor, 0, -height % self.factor), mode="replicate")
        vae = self.shared.net
        mean: Tensor = vae.encode((2 * padded - 1).to(vae.dtype)).latent_dist.mode()
        return (mean * self.scaling).to(x.dtype)

    def decode(self, z: Tensor, tile: int = 0, clamp: bool = True) -> Tensor:
        """Latent (B, C, h, w) -> picture (B, 3, F h, F w), in [0, 1] unless `clamp` is off."""
        vae = self.shared.net
        x: Tensor = vae.decode((z / self.scaling).to(vae.dtype)).sample.to(z.dtype) / 2 + 0.5
        return x.clamp(0, 1) if clamp else x
