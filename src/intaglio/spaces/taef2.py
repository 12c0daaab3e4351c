"""Between pictures and latents: the tiny autoencoder of the FLUX.2 latent space, 32 channels at 1/8 of the size.

    x (B, 3, H, W) in [0, 1]  --encode-->  z (B, C, H/8, W/8), each channel of mean 0 and variance 1  --decode-->  x

           level 0   1     2     3                                         level 3   2     1     0
    x --> stem [1] --> [3] --> [3] --> --> {3} --> head --> z --> clamp --> stem {3} --> [3] --> [3] --> [1] head --> x
          '---------------- outer -----------' '-- inner --'      '------- inner ------' '--------- outer --------'

[n] are n local blocks, {n} blocks with a normalisation over the whole picture; every arrow between levels halves or
doubles the size; all is 3x3 convolutions of 64 channels (31 GFLOP to encode a 256x256 picture, 36 to decode it).

Pictures of any size take little memory: the outer part is local and is computed in tiles with all that can reach them,
so that tiles equal the whole within rounding; the inner part, whose normalisations see the whole picture, stays whole at 1/8.

Source: TAESD's `taef2` (Ollin Boer Bohan, MIT) for layers and weights; channel constants, names and code are ours.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Self

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from intaglio.networks.layout import frozen
from intaglio.networks.tiles import Rect, stitch
from intaglio.spaces.taef2_blocks import BLOCKS, WIDTH, Block, Deep, Down, Up, conv
from intaglio.weights.tensors import FOLDER, fill, read

NAME = "taef2"
"""Of the space."""

CHANNELS = 32
"""Channels of a latent."""

FACTOR = 8
"""Pixels a latent, each way."""

TILE = 64
"""Latents a side of a tile, its margin not counted: 512 pixels."""

LEVELS = 3
"""Halvings of the size between pictures and latents."""

SOFT_LIMIT = 3.0
"""The decoder bends latents (before normalisation) into plus or minus this much."""

MODEL = "intaglio-autoencoder"
"""What the weights' metadata must say."""


def soft_clamp(z: Tensor) -> Tensor:
    """Bends values into plus or minus `SOFT_LIMIT`; small ones hardly change."""
    return SOFT_LIMIT * torch.tanh(z / SOFT_LIMIT)


def _outer_encoder_reach() -> int:
    reach = 1 + Block.REACH  # pixels: stem, block at full size
    for level in range(LEVELS):
        reach += 1 << level  # the halving convolution
        if level + 1 < LEVELS:
            reach += BLOCKS * Block.REACH << (level + 1)
    return reach


def _outer_decoder_reach() -> int:
    reach = 1 + Block.REACH + 1  # pixels, from the picture inwards: head, block, convolution behind the last doubling
    for _ in range(LEVELS - 1):
        reach = (reach + 1) // 2 + BLOCKS * Block.REACH + 1  # through a doubling, then blocks and convolution below it
    return (reach + 1) // 2


OUTER_ENCODER_REACH = _outer_encoder_reach()
"""Pixels: a feature at 1/8 depends on no pixel further than this from the first one of its 8x8 (65)."""

OUTER_DECODER_REACH = _outer_decoder_reach()
"""Features at 1/8: a pixel depends on none further than this from its own (9)."""

INNER_REACH = BLOCKS * Block.REACH + 1
"""Latents: through the inner part of either side, but for its normalisations (10)."""


class Encoder(nn.Module):
    """Picture (B, 3, H, W) in [0, 1], sides multiples of 8 -> latent (B, C, H/8, W/8) as the source has it."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = conv(3, WIDTH)
        self.level0 = Block()
        self.level1 = Down()
        self.level2 = Down()
        self.down = Down(blocks=0)
        self.level3 = Deep()
        self.head = conv(WIDTH, CHANNELS)

    def outer(self, x: Tensor) -> Tensor:
        """All before the first normalisation: (B, 3, H, W) -> (B, 64, H/8, W/8)."""
        return self.down(self.level2(self.level1(self.level0(self.stem(x)))))

    def inner(self, features: Tensor) -> Tensor:
        """The rest: (B, 64, h, w) -> (B, C, h, w)."""
        return self.head(self.level3(features))


class Decoder(nn.Module):
    """Latent (B, C, h, w) as the source has it -> picture (B, 3, 8h, 8w), about [0, 1]."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = conv(CHANNELS, WIDTH)
        self.level3 = Deep()
        self.level2 = Up()
        self.level1 = Up()
        self.level0 = Up(blocks=1)
        self.head = conv(WIDTH, 3)

    def inner(self, z: Tensor) -> Tensor:
        """To behind the last normalisation: (B, C, h, w) -> (B, 64, h, w)."""
        return self.level3(F.relu(self.stem(soft_clamp(z))))

    def outer(self, features: Tensor) -> Tensor:
        """The rest: (B, 64, h, w) -> (B, 3, 8h, 8w)."""
        return self.head(self.level0(self.level1(self.level2(features))))


class Autoencoder(nn.Module):
    """Encoder, decoder and the constants that give each channel of a latent mean 0 and variance 1.

    Computes in the type of its convolutions (fp32, or bf16 after `.to(torch.bfloat16)`), in any memory format, and
    answers in the type of its argument. Statistics of normalisations are fp32 always. A `LatentSpace`.
    """

    name: ClassVar[str] = NAME
    channels: ClassVar[int] = CHANNELS
    factor: ClassVar[int] = FACTOR
    mean: Tensor
    deviation: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.encoder = Encoder()
        self.decoder = Decoder()
        self.register_buffer("mean", torch.zeros(CHANNELS))
        self.register_buffer("deviation", torch.ones(CHANNELS))

    @classmethod
    def load(cls, device: torch.device | str = "cpu", path: Path = FOLDER / "autoencoder.safetensors") -> Self:
        """The trained autoencoder: fp32, channels last, frozen (gradients pass through to its inputs).

        Raises WeightsError for a file that is not exactly this model's.
        """
        return frozen(fill(cls(), read(path, MODEL)), device)

    def encode(self, x: Tensor, tile: int = TILE) -> Tensor:
        """Picture (B, 3, H, W) in [0, 1] -> normalised latent (B, C, ceil(H/8), ceil(W/8)).

        Sides that are no multiple of 8 are filled up with copies of the last row and column. `tile`: latents a side.
        """
        prepared = self.prepare(x)
        rows, columns = (side // FACTOR for side in prepared.shape[-2:])

        def outer(place: Rect) -> list[Tensor]:
            return [self.encoder.outer(place.cut(prepared, FACTOR))]

        (features,) = stitch(outer, rows, columns, tile, -(-OUTER_ENCODER_REACH // FACTOR))
        return self.normalise(self.encoder.inner(features).to(x.dtype))

    def decode(self, z: Tensor, tile: int = TILE, clamp: bool = True) -> Tensor:
        """Normalised latent (B, C, h, w) -> picture (B, 3, 8h, 8w), in [0, 1] unless `clamp` is off (for losses)."""
        features = self.decoder.inner(self.denormalise(z))

        def outer(place: Rect) -> list[Tensor]:
            return [self.decoder.outer(place.cut(features))]

        (x,) = stitch(outer, z.shape[-2], z.shape[-1], tile, OUTER_DECODER_REACH)
        x = x.to(z.dtype)
        return x.clamp(0, 1) if clamp else x

    def prepare(self, x: Tensor) -> Tensor:
        """Picture of any size -> sides filled up to multiples of 8, in the type that is computed in."""
        height, width = x.shape[-2:]
        if height % FACTOR or width % FACTOR:
            x = F.pad(x, (0, -width % FACTOR, 0, -height % FACTOR), mode="replicate")
        return x.to(self.encoder.head.weight.dtype)

    def normalise(self, z: Tensor) -> Tensor:
        """Latent as the source has it -> mean 0 and variance 1 in each channel, in z's type."""
        return (z - self.mean.to(z.dtype)[:, None, None]) / self.deviation.to(z.dtype)[:, None, None]

    def denormalise(self, z: Tensor) -> Tensor:
        """The inverse of `normalise`, in the type that is computed in."""
        z = z * self.deviation.to(z.dtype)[:, None, None] + self.mean.to(z.dtype)[:, None, None]
        return z.to(self.decoder.head.weight.dtype)
