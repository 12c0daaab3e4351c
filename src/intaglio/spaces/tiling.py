"""Pictures of any size in little memory, exactly: what is local is cut into tiles, what is global stays whole at 1/8.

The tiles' results are those of the whole within rounding, since every tile is computed with all that can reach it.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from intaglio.spaces.taef2 import FACTOR, OUTER_DECODER_REACH, OUTER_ENCODER_REACH, Autoencoder

TILE = 64
"""Side of a tile in latents, its margin not counted: 512 pixels."""


def in_tiles(net: Callable[[Tensor], Tensor], x: Tensor, *, margin: int, grain: int = 1, tile: int = TILE) -> Tensor:
    """net(x), computed in tiles.

    Args:
        net: (B, C, H, W) -> (B, D, sH, sW) for one scale s (whole or one over a whole), nothing in it global.
        x: (B, C, H, W), H and W multiples of `grain`.
        margin: how far the net reaches, in grains.
        grain: the smallest step of x that is a whole step of the result; 8 for an encoder of 1/8, 1 for a decoder.
        tile: side of a tile in grains.
    """
    rows, columns = (side // grain for side in x.shape[-2:])
    if rows <= tile and columns <= tile:
        return net(x)
    out: Tensor | None = None
    for top in range(0, rows, tile):
        for left in range(0, columns, tile):
            bottom, right = min(top + tile, rows), min(left + tile, columns)
            first, start = max(top - margin, 0), max(left - margin, 0)
            part = net(x[..., first * grain : (bottom + margin) * grain, start * grain : (right + margin) * grain])
            step = part.shape[-2] // (min(bottom + margin, rows) - first)  # of the result, a grain
            if out is None:
                out = part.new_empty(*part.shape[:2], rows * step, columns * step)
            inside = part[..., (top - first) * step :, (left - start) * step :]
            target = out[..., top * step : bottom * step, left * step : right * step]
            target.copy_(inside[..., : target.shape[-2], : target.shape[-1]])
    assert out is not None
    return out


@torch.no_grad()
def encode(autoencoder: Autoencoder, x: Tensor, tile: int = TILE) -> Tensor:
    """`autoencoder.encode(x)` in tiles: (B, 3, H, W) in [0, 1] -> (B, 32, ceil(H/8), ceil(W/8))."""
    encoder, margin = autoencoder.encoder, -(-OUTER_ENCODER_REACH // FACTOR)
    features = in_tiles(encoder.outer, autoencoder.prepare(x), margin=margin, grain=FACTOR, tile=tile)
    return autoencoder.normalise(encoder.inner(features).to(x.dtype))


@torch.no_grad()
def decode(autoencoder: Autoencoder, z: Tensor, tile: int = TILE, *, clamp: bool = True) -> Tensor:
    """`autoencoder.decode(z, clamp)` in tiles: (B, 32, h, w) -> (B, 3, 8h, 8w), in [0, 1] if clamped."""
    decoder = autoencoder.decoder
    features = decoder.inner(autoencoder.denormalise(z))
    x = in_tiles(decoder.outer, features, margin=OUTER_DECODER_REACH, tile=tile).to(z.dtype)
    return x.clamp(0, 1) if clamp else x
