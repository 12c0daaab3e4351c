"""Between pictures and latents: the tiny autoencoder of the FLUX.2 latent space, 32 channels at 1/8 of the size.

    x (B, 3, H, W) in [0, 1]  --encode-->  z (B, 32, H/8, W/8), each channel of mean 0 and variance 1  --decode-->  x

           level 0   1     2     3                                         level 3   2     1     0
    x --> stem [1] --> [3] --> [3] --> --> {3} --> head --> z --> clamp --> stem {3} --> [3] --> [3] --> [1] head --> x
          '---------------- outer -----------' '-- inner --'      '------- inner ------' '--------- outer --------'

[n] are n local blocks, {n} blocks with a normalisation over the whole picture; every arrow between levels halves or
doubles the size; all is 3x3 convolutions of 64 channels (31 GFLOP to encode a 256x256 picture, 36 to decode it).

The statistics of the normalisations are taken once of the whole picture (`encoder_statistics`, `decoder_statistics`)
and given to `encode` and `decode` of its tiles: a tile with a margin of `REACH` latents then equals, within rounding,
the same part of the whole. On one machine `tiling.py` is cheaper: it cuts the outer part only.

Source: TAESD's `taef2` (Ollin Boer Bohan, MIT) for layers and weights; channel constants, names and code are ours.
"""

from pathlib import Path
from typing import Self

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from intaglio.spaces.taef2_blocks import BLOCKS, WIDTH, Block, Deep, Down, Up, conv
from intaglio.weights.module_file import FOLDER, frozen, load_weights

CHANNELS = 32
"""Channels of a latent."""

FACTOR = 8
"""Pixels a latent, each way."""

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
"""Latents: through the inner part of either side, its statistics given (10)."""

ENCODER_REACH = OUTER_ENCODER_REACH + FACTOR * INNER_REACH
"""Pixels: a latent depends on no pixel further than this from the first one of its 8x8, statistics given (145)."""

DECODER_REACH = OUTER_DECODER_REACH + INNER_REACH
"""Latents: a pixel depends on no latent further than this from its own, statistics given (19)."""

REACH = max(-(-ENCODER_REACH // FACTOR), DECODER_REACH)
"""Latents: the margin that makes tiles equal the whole, to encode (`REACH * FACTOR` pixels) and to decode (19)."""


class Encoder(nn.Module):
    """Picture (B, 3, H, W) in [0, 1], sides multiples of 8 -> latent (B, 32, H/8, W/8) as the source has it."""

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

    def inner(self, features: Tensor, statistics: Tensor | None = None) -> Tensor:
        """The rest: (B, 64, h, w) -> (B, 32, h, w)."""
        return self.head(self.level3(features, statistics))

    def forward(self, x: Tensor, statistics: Tensor | None = None) -> Tensor:
        return self.inner(self.outer(x), statistics)


class Decoder(nn.Module):
    """Latent (B, 32, h, w) as the source has it -> picture (B, 3, 8h, 8w), about [0, 1]."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = conv(CHANNELS, WIDTH)
        self.level3 = Deep()
        self.level2 = Up()
        self.level1 = Up()
        self.level0 = Up(blocks=1)
        self.head = conv(WIDTH, 3)

    def enter(self, z: Tensor) -> Tensor:
        """All before the first normalisation: (B, 32, h, w) -> (B, 64, h, w)."""
        return F.relu(self.stem(soft_clamp(z)))

    def inner(self, z: Tensor, statistics: Tensor | None = None) -> Tensor:
        """To behind the last normalisation: (B, 32, h, w) -> (B, 64, h, w)."""
        return self.level3(self.enter(z), statistics)

    def outer(self, features: Tensor) -> Tensor:
        """The rest: (B, 64, h, w) -> (B, 3, 8h, 8w)."""
        return self.head(self.level0(self.level1(self.level2(features))))

    def forward(self, z: Tensor, statistics: Tensor | None = None) -> Tensor:
        return self.outer(self.inner(z, statistics))


class Autoencoder(nn.Module):
    """Encoder, decoder and the constants that give each channel of a latent mean 0 and variance 1.

    Computes in the type of its convolutions (fp32, or bf16 after `.to(torch.bfloat16)`), in any memory format, and
    answers in the type of its argument. Statistics are fp32 always.
    """

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
        model = cls()
        load_weights(model, path, MODEL)
        return frozen(model, device)

    def encode(self, x: Tensor, statistics: Tensor | None = None) -> Tensor:
        """Picture (B, 3, H, W) in [0, 1] -> normalised latent (B, 32, ceil(H/8), ceil(W/8)).

        Sides that are no multiple of 8 are filled up with copies of the last row and column. `statistics` come from
        `encoder_statistics` of the whole picture if x is a tile.
        """
        return self.normalise(self.encoder(self.prepare(x), statistics).to(x.dtype))

    def decode(self, z: Tensor, statistics: Tensor | None = None, clamp: bool = True) -> Tensor:
        """Normalised latent (B, 32, h, w) -> picture (B, 3, 8h, 8w), in [0, 1] unless `clamp` is off (for losses).

        `statistics` come from `decoder_statistics` of the whole latent if z is a tile.
        """
        x = self.decoder(self.denormalise(z), statistics).to(z.dtype)
        return x.clamp(0, 1) if clamp else x

    def encoder_statistics(self, x: Tensor) -> Tensor:
        """What `encode` measures over the whole picture (B, 3, H, W): (B, 3 blocks, mean and 1/deviation, 4), fp32."""
        return self.encoder.level3.statistics(self.encoder.outer(self.prepare(x)))

    def decoder_statistics(self, z: Tensor) -> Tensor:
        """What `decode` measures over the whole latent (B, 32, h, w): (B, 3 blocks, mean and 1/deviation, 4), fp32."""
        return self.decoder.level3.statistics(self.decoder.enter(self.denormalise(z)))

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
