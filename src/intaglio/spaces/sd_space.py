"""Between pictures and latents by a Stable Diffusion checkpoint's autoencoder: mostly 4 channels at 1/8 of the size.

    x (B, 3, H, W) in [0, 1]  --encode-->  z (B, C, H/F, W/F), scaled to variance 1 as the U-Net has them  --decode-->  x

Large pictures take little memory: the inner part of either side, whose attention sees the whole picture, stays whole at
1/F; the outer part is done in tiles with all that can reach them, by statistics that are the whole picture's (`pooled`).
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from intaglio.checkpoints.stable_diffusion import Checkpoint
from intaglio.networks.shared import Shared
from intaglio.networks.tiles import Rect, stitch
from intaglio.spaces.pooled_norm import pooled

TILE = 96  # latents a side up to which there is one tile
SAMPLE = 24  # latents a side of the samples that statistics come from, SAMPLES x SAMPLES of them
SAMPLES = 3


class StableDiffusionSpace:
    """A `LatentSpace`; a latent is the mean of the autoencoder's posterior, and so the same for the same picture."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self.shared = Shared(checkpoint.vae)
        config = checkpoint.vae.config
        levels = len(config.block_out_channels)
        self.name = f"stable-diffusion-{checkpoint.base.identity}"
        self.channels: int = config.latent_channels
        self.factor: int = 2 ** (levels - 1)
        self.scaling: float = config.scaling_factor
        self.encoder_reach = _encoder_reach(levels, config.layers_per_block)
        self.decoder_reach = _decoder_reach(levels, config.layers_per_block + 1)

    def encode(self, x: Tensor, tile: int = TILE) -> Tensor:
        """Picture (B, 3, H, W) in [0, 1] -> latent (B, C, ceil(H/F), ceil(W/F)), filled up with copies of its last lines."""
        vae, (height, width) = self.shared.net, x.shape[-2:]
        padded = F.pad(x, (0, -width % self.factor, 0, -height % self.factor), mode="replicate")
        encoder, pixels = vae.encoder, (2 * padded - 1).to(vae.dtype)
        outer = nn.Sequential(encoder.conv_in, *encoder.down_blocks)
        features = self._tiled(outer, pixels, self.factor, tile, -(-self.encoder_reach // self.factor))
        out = encoder.conv_out(encoder.conv_act(encoder.conv_norm_out(encoder.mid_block(features))))
        if vae.quant_conv is not None:
            out = vae.quant_conv(out)
        mean: Tensor = out[:, : self.channels]
        return (mean * self.scaling).to(x.dtype)

    def decode(self, z: Tensor, tile: int = TILE, clamp: bool = True) -> Tensor:
        """Latent (B, C, h, w) -> picture (B, 3, F h, F w), in [0, 1] unless `clamp` is off."""
        vae = self.shared.net
        decoder, latent = vae.decoder, (z / self.scaling).to(vae.dtype)
        if vae.post_quant_conv is not None:
            latent = vae.post_quant_conv(latent)
        features = decoder.mid_block(decoder.conv_in(latent))
        outer = nn.Sequential(*decoder.up_blocks, decoder.conv_norm_out, decoder.conv_act, decoder.conv_out)
        x = self._tiled(outer, features, 1, tile, self.decoder_reach).to(z.dtype) / 2 + 0.5
        return x.clamp(0, 1) if clamp else x

    def _tiled(self, net: nn.Module, x: Tensor, step: int, tile: int, margin: int) -> Tensor:
        """The network of x, `step` positions a latent, whole where there is one tile."""
        rows, columns = x.shape[2] // step, x.shape[3] // step
        if rows <= tile and columns <= tile:
            whole: Tensor = net(x)
            return whole
        net = pooled(net)
        net(torch.cat([place.cut(x, step) for place in samples(rows, columns)]))
        part: Callable[[Rect], list[Tensor]] = lambda place: [net(place.cut(x, step))]  # noqa: E731
        (out,) = stitch(part, rows, columns, tile, margin)
        return out


def samples(rows: int, columns: int) -> list[Rect]:
    """Places of one size all over a grid, what statistics are taken from."""
    height, width = min(SAMPLE, rows), min(SAMPLE, columns)
    tops, lefts = (
        sorted({round(i * (side - length) / (SAMPLES - 1)) for i in range(SAMPLES)})
        for side, length in ((rows, height), (columns, width))
    )
    return [Rect(top, left, top + height, left + width) for top in tops for left in lefts]


def _encoder_reach(levels: int, blocks: int) -> int:
    """Pixels, through the outer part: two convolutions a block, then one that halves."""
    return 1 + sum((2 * blocks << level) + (2 << level if level + 1 < levels else 0) for level in range(levels))


def _decoder_reach(levels: int, blocks: int) -> int:
    """Latents, through the outer part, from the picture inwards."""
    reach = 1
    for level in range(levels):
        reach += 2 * blocks
        if level + 1 < levels:
            reach = (reach + 2) // 2  # the convolution behind a doubling, then the doubling
    return reach
