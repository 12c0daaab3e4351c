"""Building blocks of the tiny autoencoder: 3x3 convolutions 64 wide, and normalisations over the whole picture.

Source: TAESD (Ollin Boer Bohan, MIT), whose `taef2` weights these blocks hold; the code is ours.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

WIDTH = 64
"""Channels at every level."""

GROUPS = 4
"""Groups of the normalisation."""

WIDE = 4 * WIDTH
"""Channels that are normalised."""

EPSILON = 1e-5
"""Added to the variance, as in `torch.nn.GroupNorm`."""

BLOCKS = 3
"""Blocks at each level below the full size, which has one."""


def conv(inputs: int, outputs: int, *, stride: int = 1, bias: bool = True) -> nn.Conv2d:
    """A 3x3 convolution, zeros outside the picture, (B, inputs, H, W) -> (B, outputs, H/stride, W/stride)."""
    return nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=bias)


class Block(nn.Module):
    """Three convolutions around a skip, (B, width, H, W) -> the same; reaches 3 positions far."""

    REACH = 3

    def __init__(self, width: int = WIDTH) -> None:
        super().__init__()
        self.conv1 = conv(width, width)
        self.conv2 = conv(width, width)
        self.conv3 = conv(width, width)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x + self.conv3(F.relu(self.conv2(F.relu(self.conv1(x))))))


class Down(nn.Sequential):
    """Halves the size, then blocks: (B, 64, H, W) -> (B, 64, H/2, W/2)."""

    def __init__(self, blocks: int = BLOCKS) -> None:
        super().__init__(conv(WIDTH, WIDTH, stride=2, bias=False), *(Block() for _ in range(blocks)))


class Up(nn.Sequential):
    """Doubles the size by repetition, a convolution, then blocks: (B, 64, H, W) -> (B, width, 2H, 2W)."""

    def __init__(self, blocks: int = BLOCKS, width: int = WIDTH) -> None:
        doubling = nn.Upsample(scale_factor=2)
        super().__init__(doubling, conv(WIDTH, width, bias=False), *(Block(width) for _ in range(blocks)))


class NormedBlock(nn.Module):
    """A pointwise branch, normalised over the whole picture, and then a `Block`; (B, 64, h, w) -> the same."""

    def __init__(self) -> None:
        super().__init__()
        self.widen = nn.Conv2d(WIDTH, WIDE, 1, bias=False)
        self.gain = nn.Parameter(torch.ones(WIDE))
        self.shift = nn.Parameter(torch.zeros(WIDE))
        self.narrow = nn.Conv2d(WIDE, WIDTH, 1, bias=False)
        self.block = Block()

    def statistics(self, x: Tensor) -> Tensor:
        """Mean and 1 / deviation of each group of `widen(x)` over the picture, (B, 64, h, w) -> (B, 2, 4) in fp32.

        Taken from the mean and the covariance of x, since `widen` is linear: the 256 wide channels need not exist for
        it, nothing cancels (every term of the variance is a square), and it is fp32 whatever the module computes in.
        """
        with torch.autocast(x.device.type, enabled=False):
            features = x.float().flatten(2)  # (B, 64, N)
            centre = features.mean(2, keepdim=True)
            features = features - centre
            covariance = features @ features.transpose(1, 2) / features.shape[2]  # (B, 64, 64)
            weight = self.widen.weight.float().flatten(1)  # (256, 64)
            mean = (weight @ centre).view(-1, GROUPS, WIDE // GROUPS)
            variance = ((weight @ covariance) * weight).sum(2).view_as(mean)
            group_variance = variance.mean(2) + mean.var(2, correction=0)
            return torch.stack((mean.mean(2), (group_variance + EPSILON).rsqrt()), 1)

    def affine(self, statistics: Tensor) -> tuple[Tensor, Tensor]:
        """The normalisation as wide * scale + shift: statistics (B, 2, 4) -> two of (B, 256), fp32."""
        mean, rstd = (s.repeat_interleave(WIDE // GROUPS, 1) for s in statistics.unbind(1))
        scale = self.gain.float() * rstd
        return scale, self.shift.float() - scale * mean

    def forward(self, x: Tensor) -> Tensor:
        scale, shift = self.affine(self.statistics(x))
        wide = self.widen(x)
        wide = torch.addcmul(shift.to(wide.dtype)[..., None, None], wide, scale.to(wide.dtype)[..., None, None])
        return self.block(x + self.narrow(F.relu(wide)))


class Deep(nn.Sequential):
    """The three normed blocks at 1/8, where all that is not local happens; (B, 64, h, w) -> the same."""

    def __init__(self) -> None:
        super().__init__(*(NormedBlock() for _ in range(BLOCKS)))
