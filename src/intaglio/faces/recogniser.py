"""Who is pictured: a face recogniser of MobileFaceNet's kind on aligned crops, as a loss.

    landmarks of the original (once) -> similarity transform -> 112x112 crops of original and decoded picture
                                     -> unit vectors of 512 numbers -> 1 - cosine

Both pictures are cut where the original's face is, so the loss sees what moved. It has gradients to the pictures.
Weights come from a folder that training is given; without one they are random. They are not part of the product.
"""

from __future__ import annotations

from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from intaglio.faces.bottleneck import Bottleneck
from intaglio.faces.strict_weights import load_strictly
from intaglio.networks.layout import channels_last

FILE = "mobilefacenet512_folded_112x112.safetensors"
SIDE = 112  # pixels of an aligned crop
# Where eyes, tip of the nose and corners of the mouth lie in an aligned crop: x, y.
TEMPLATE = ((38.29, 51.70), (73.53, 51.50), (56.03, 71.74), (41.55, 92.37), (70.73, 92.20))
# (widening, channels, blocks, stride of the first) after 64 channels at 1/2
PLAN = ((2, 64, 5, 2), (4, 128, 1, 2), (2, 128, 6, 1), (4, 128, 1, 2), (2, 128, 2, 1))


def five_points(landmarks: Tensor) -> Tensor:
    """Landmarks (B, 68, 2) to the centres of the eyes, the tip of the nose and the corners of the mouth (B, 5, 2)."""
    eyes = [landmarks[:, k : k + 6].mean(1) for k in (36, 42)]
    return torch.stack([*eyes, landmarks[:, 30], landmarks[:, 48], landmarks[:, 54]], 1)


def similarity(source: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """The rotation, scaling and shift that takes points `source` (B, N, 2) nearest to `target` (B, N, 2) or (N, 2).

    Returns (matrix (B, 2, 2), shift (B, 2)): target = matrix @ source + shift, least squares, no reflection.
    """
    target = target.expand_as(source)
    s_mean, t_mean = source.mean(1), target.mean(1)
    s, t = source - s_mean[:, None], target - t_mean[:, None]
    power = s.square().sum((1, 2)).clamp(min=1e-9)
    a = (s * t).sum((1, 2)) / power
    b = (s[..., 0] * t[..., 1] - s[..., 1] * t[..., 0]).sum(1) / power
    matrix = torch.stack([torch.stack([a, -b], 1), torch.stack([b, a], 1)], 1)
    return matrix, t_mean - (matrix @ s_mean[:, :, None])[:, :, 0]


def align(x: Tensor, points: Tensor) -> Tensor:
    """Pictures (B, 3, H, W) to aligned crops (B, 3, 112, 112); `points` (B, 5, 2) in pixels, the first's middle 0.5."""
    matrix, shift = similarity(points.float(), torch.tensor(TEMPLATE, device=x.device) + 0.5)
    middles = torch.arange(SIDE, device=x.device) + 0.5
    place = torch.stack(torch.meshgrid(middles, middles, indexing="xy"), 2).view(1, -1, 2)
    back = torch.linalg.inv(matrix)
    pixels = (place - shift[:, None]) @ back.transpose(1, 2)
    grid = pixels * (2 / torch.tensor([x.shape[3], x.shape[2]], device=x.device)) - 1
    return F.grid_sample(x.float(), grid.view(-1, SIDE, SIDE, 2), padding_mode="border", align_corners=False)


class Layer(nn.Module):
    """A convolution, its normalisation folded in, and a learned leak or nothing."""

    def __init__(
        self, i: int, o: int, size: int, stride: int = 1, padding: int = 0, groups: int = 1, leak: bool = True
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(i, o, size, stride, padding, groups=groups)
        self.prelu = nn.PReLU(o) if leak else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.prelu(self.conv(x))
        return y


class RecogniserNet(nn.Module):
    """Aligned crops (B, 3, 112, 112), RGB in 0..1, to unit vectors (B, 512)."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = Layer(3, 64, 3, stride=2)
        self.dw_conv1 = Layer(64, 64, 3, groups=64)
        blocks, c = [], 64
        for widening, o, count, stride in PLAN:
            for k in range(count):
                blocks.append(Bottleneck(c, o, stride if k == 0 else 1, widening, nn.PReLU))
                c = o
        self.blocks = nn.Sequential(*blocks)
        self.conv2 = Layer(c, 512, 1)
        self.linear7 = Layer(512, 512, SIDE // 16, groups=512, leak=False)
        self.linear1 = Layer(512, 512, 1, leak=False)

    def forward(self, x: Tensor) -> Tensor:
        x = (x.flip(1) * 255 - 127.5) / 128  # blue first: it tells people apart slightly better
        x = self.conv2(self.blocks(self.dw_conv1(self.conv1(x))))
        return F.normalize(self.linear1(self.linear7(x)).flatten(1).float(), dim=1)


def readable(landmarks: Tensor, side: int, most: int) -> Tensor:
    """Rows of `landmarks` (B, 68, 2), `most` at most, whose face lies inside crops `side` pixels wide; NaN is none."""
    points = five_points(landmarks)
    return ((points > 0) & (points < side)).all(2).all(1).nonzero()[:most, 0]


class FaceRecogniser(nn.Module):
    """Who is pictured: pictures in 0..1 and landmarks to vectors; the cosine of two says whether they are one person."""

    def __init__(self, folder: Path | None) -> None:
        super().__init__()
        self.net = RecogniserNet()
        if folder is not None:
            load_strictly(self.net, folder / FILE)
        self.eval().requires_grad_(False)
        channels_last(self)

    def embed(self, x: Tensor, landmarks: Tensor) -> Tensor:
        """Pictures (B, 3, H, W) and the landmarks (B, 68, 2) to cut them by, to unit vectors (B, 512)."""
        vectors: Tensor = self.net(align(x, five_points(landmarks)))
        return vectors
