"""The lean decoder: from the same latents to pictures for a quarter of the reference decoder's work, nothing global.

    z (B, C, h, w), normalised  -->  level 3: 64 channels at 1/8  -->  level 2: 64 at 1/4  -->  level 1: 48 at 1/2
                                 -->  12 channels at 1/2, shuffled into x (B, 3, 8h, 8w)

Where the work goes, in GFLOP for a 256x256 picture (a 3x3 convolution of c channels: 18 c^2 a position):

    level 3   stem .04, 9 convolutions .68, 3 pointwise branches .20                 .92
    level 2   9 convolutions and the one behind the doubling, .30 each               3.02
    level 1   64 to 48 behind the doubling .91, 6 convolutions .68 each, head .17    5.15
                                                                                     9.09  of the reference's 36

Levels 3 and 2 start as the reference's, so that what it knows is there. Its normalisations become constants
(`TYPICAL_STATISTICS`): run so, the reference itself stays within 30 dB of its own pictures (median of 40 faces), within
20 dB only if the normalised branches are left out, which would save .2 GFLOP. Level 1 is thin and there is no level 0:
the two are nine tenths of the reference's work. It is the size, 2 MB, and not the work that forbids more. As much work
and as many bytes would buy 32 channels and five blocks at level 1: after 80 steps of training those were .7 dB behind.
"""

from typing import Self

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from intaglio.networks.layout import channels_last
from intaglio.spaces.taef2 import CHANNELS, INNER_REACH, Autoencoder, soft_clamp
from intaglio.spaces.taef2_blocks import BLOCKS, WIDE, WIDTH, Block, NormedBlock, Up, conv

THIN = 48
"""Channels at half the size."""

THIN_BLOCKS = 2
"""Blocks at half the size."""

TYPICAL_STATISTICS = (
    ((0.008, -0.018, -0.066, -0.183), (1.761, 2.475, 1.713, 1.990)),
    ((-0.104, -0.079, -0.046, -0.096), (2.235, 1.972, 1.843, 1.910)),
    ((0.070, 0.020, 0.172, 0.021), (2.303, 2.248, 2.458, 2.097)),
)
"""`NormedBlock.statistics` in the decoder (block, mean and 1/deviation, group): means of 42 faces and 42 photographs."""


def _reach() -> int:
    reach = 1  # position at 1/2: a pixel lies within one, and the head reaches one more
    for blocks in (THIN_BLOCKS, BLOCKS):
        reach += blocks * Block.REACH + 1  # blocks and the convolution behind the doubling
        reach = (reach + 1) // 2
    return reach + INNER_REACH


REACH = _reach()
"""Latents: a pixel depends on no latent further than this from its own (17): the margin for tiles."""


class BranchedBlock(nn.Module):
    """A pointwise branch and then a `Block`: a `NormedBlock` without statistics; (B, 64, h, w) -> the same."""

    def __init__(self) -> None:
        super().__init__()
        self.widen = nn.Conv2d(WIDTH, WIDE, 1)
        self.narrow = nn.Conv2d(WIDE, WIDTH, 1, bias=False)
        self.block = Block()

    @torch.no_grad()
    def start_from(self, normed: NormedBlock, statistics: Tensor) -> None:
        """Takes over `normed` as it is where the picture's statistics are these, (1, 2, 4)."""
        scale, shift = (s[0] for s in normed.affine(statistics))  # (256,) each
        self.widen.weight.copy_(normed.widen.weight * scale[:, None, None, None])
        assert self.widen.bias is not None
        self.widen.bias.copy_(shift)
        self.narrow.load_state_dict(normed.narrow.state_dict())
        self.block.load_state_dict(normed.block.state_dict())

    def forward(self, x: Tensor) -> Tensor:
        return self.block(x + self.narrow(F.relu(self.widen(x))))


class LeanDecoder(nn.Module):
    """Normalised latent (B, C, h, w) -> picture (B, 3, 8h, 8w), not clamped; answers in the type of its argument."""

    mean: Tensor
    deviation: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(CHANNELS))
        self.register_buffer("deviation", torch.ones(CHANNELS))
        self.stem = conv(CHANNELS, WIDTH)
        self.level3 = nn.Sequential(*(BranchedBlock() for _ in range(BLOCKS)))
        self.level2 = Up()
        self.level1 = Up(THIN_BLOCKS, THIN)
        self.head = conv(THIN, 3 * 4)

    @classmethod
    def from_reference(cls, autoencoder: Autoencoder) -> Self:
        """Untrained, fp32, on the CPU: levels 3 and 2 from the reference decoder, level 1 fresh; it draws grey."""
        model, reference = cls(), autoencoder.decoder
        model.mean.copy_(autoencoder.mean)
        model.deviation.copy_(autoencoder.deviation)
        model.stem.load_state_dict(reference.stem.state_dict())
        model.level2.load_state_dict(reference.level2.state_dict())
        typical = torch.tensor(TYPICAL_STATISTICS, device=autoencoder.mean.device)
        for ours, theirs, statistics in zip(model.level3, reference.level3, typical, strict=True):
            assert isinstance(ours, BranchedBlock)
            assert isinstance(theirs, NormedBlock)
            ours.start_from(theirs, statistics[None])
        for block in model.level1:
            if isinstance(block, Block):
                nn.init.zeros_(block.conv3.weight)
        nn.init.zeros_(model.head.weight)
        assert model.head.bias is not None
        nn.init.constant_(model.head.bias, 0.5)
        return channels_last(model)

    def forward(self, z: Tensor) -> Tensor:
        raw = z * self.deviation.to(z.dtype)[:, None, None] + self.mean.to(z.dtype)[:, None, None]
        features = F.relu(self.stem(soft_clamp(raw).to(self.stem.weight.dtype)))
        features = self.level1(self.level2(self.level3(features)))
        return F.pixel_shuffle(self.head(features), 2).to(z.dtype)
