"""68 landmarks of a face (iBUG's order), for pictures that show one face about their middle.

The network reads a 64x64 grey crop that just holds the face. It finds the face by itself: from three central squares,
each crop is drawn anew around the landmarks of the last one; the start that settled best is kept.
Weights come from a folder that training is given; without one they are random and the points mean nothing.
"""

from __future__ import annotations

from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from intaglio.errors import WeightsError
from intaglio.faces.bottleneck import Bottleneck
from intaglio.faces.strict_weights import load_strictly

FILE = "landmark68_64x64gray.safetensors"
SIDE = 64  # pixels of a crop
MARGIN = 1.1  # side of a crop over the extent of the landmarks; the network was trained with 1.0 to 1.2
STARTS = (0.4, 0.55, 0.75)  # sides of the first crops over the picture's short side
ROUNDS = 4  # crops drawn from each start
LUMA = (0.299, 0.587, 0.114)
# (channels, stride, widening) of the bottlenecks, from 32 channels at 1/2
PLAN = ((32, 2, 2), *((32, 1, 2),) * 3, (64, 2, 4), *((64, 1, 2),) * 4, (64, 2, 4), *((64, 1, 2),) * 2)


class LandmarkNet(nn.Module):
    """Grey crops (B, 1, 64, 64) in 0..1 to landmarks (B, 68, 2): x, y as shares of the crop's side."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(1, 32, 3, 2, 1), nn.ReLU(), nn.Conv2d(32, 32, 3, 1, 1, groups=32), nn.ReLU()
        )
        blocks, c = [], 32
        for o, stride, widening in PLAN:
            blocks.append(Bottleneck(c, o, stride, widening, lambda _: nn.ReLU()))
            c = o
        self.blocks = nn.Sequential(*blocks)
        self.head = nn.Sequential(nn.Conv2d(c, 512, 1), nn.ReLU(), nn.Conv2d(512, 512, SIDE // 16, groups=512))
        self.fc = nn.Linear(512, 2 * 68)

    def load(self, folder: Path) -> None:
        """From the file in `folder`, its last normalisation folded into the last layer."""
        path = folder / FILE
        try:
            tensors = {name: tensor.float() for name, tensor in load_file(path).items()}
            gain = tensors.pop("bn.weight") * (tensors.pop("bn.running_var") + nn.BatchNorm1d(1).eps).rsqrt()
            tensors["fc.bias"] = (tensors["fc.bias"] - tensors.pop("bn.running_mean")) * gain + tensors.pop("bn.bias")
            tensors["fc.weight"] = tensors["fc.weight"] * gain[:, None]
        except (OSError, SafetensorError, KeyError) as error:
            raise WeightsError(f"{path} cannot be read as weights of the landmark network ({error})") from error
        load_strictly(self, path, tensors)

    def forward(self, x: Tensor) -> Tensor:
        x = self.head(self.blocks(self.stem(x * (255 / 256)))).flatten(1)
        return self.fc(x).view(-1, 68, 2)


def crop(x: Tensor, centre: Tensor, side: Tensor) -> Tensor:
    """Squares of pictures x (B, C, H, W) to (B, C, 64, 64); `centre` (B, 2) and `side` (B,) in pixels, edges from 0."""
    steps = (torch.arange(2 * SIDE, device=x.device) + 0.5) / (2 * SIDE) - 0.5
    along = steps[None] * side[:, None]
    u = (along + centre[:, :1]) * (2 / x.shape[3]) - 1
    v = (along + centre[:, 1:]) * (2 / x.shape[2]) - 1
    grid = torch.stack([u[:, None, :].expand(-1, 2 * SIDE, -1), v[:, :, None].expand(-1, -1, 2 * SIDE)], 3)
    return F.avg_pool2d(F.grid_sample(x, grid, padding_mode="border", align_corners=False), 2)


class LandmarkFinder(nn.Module):
    """Pictures (B, 3, H, W) in 0..1 to landmarks (B, 68, 2): x, y in pixels, the first pixel's middle being 0.5."""

    def __init__(self, folder: Path | None) -> None:
        super().__init__()
        self.net = LandmarkNet()
        if folder is not None:
            self.net.load(folder)
        self.eval().requires_grad_(False)

    @torch.no_grad()
    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[2:]
        grey = (x.float() * torch.tensor(LUMA, device=x.device)[:, None, None]).sum(1, keepdim=True)
        best, least = (
            x.new_zeros(len(x), 68, 2, dtype=torch.float32),
            x.new_full((len(x),), torch.inf, dtype=torch.float32),
        )
        for start in STARTS:
            centre = torch.tensor([width / 2, height / 2], device=x.device).expand(len(x), 2)
            side = torch.full((len(x),), start * min(height, width), device=x.device)
            points, moved = best, least
            for _ in range(ROUNDS):
                before = points
                points = self.net(crop(grey, centre, side)) - 0.5
                points = points * side[:, None, None] + centre[:, None]
                low, high = points.amin(1), points.amax(1)
                extent = (high - low).amax(1).clamp(min=8)
                centre, side = (low + high) / 2, MARGIN * extent
                moved = (points - before).norm(dim=2).mean(1) / extent
            better = moved < least
            best, least = torch.where(better[:, None, None], points, best), torch.where(better, moved, least)
        return best
