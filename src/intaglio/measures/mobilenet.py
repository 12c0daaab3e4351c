"""Distance in the features of MobileNetV2 (Sandler et al. 2018), a second opinion beside LPIPS: deeper, and of another kind.

    pictures -> features behind the last block at 1/2, 1/4, 1/8, 1/16 and 1/32, unit length at every position
             -> mean over stages and positions of the squared difference, 0 to 4

One network alone as a loss is soon pleased by what only it sees. Weights come from a folder that training is given, in
torchvision's names; without one they are random. They are not part of the product.
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
from intaglio.measures.features import Normalise, unit_length
from intaglio.networks.layout import channels_last

FILE = "mobilenet_v2.safetensors"
# (widening, channels, blocks, stride of the first) after 32 channels at 1/2
PLAN = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))
TAPS = (0, 1, 2, 4, 6)  # rows of the plan, the last at their size


class MobileNet(nn.Module):
    """Pictures (B, 3, H, W) in 0..1 to features, and distances (B,) of features; normalisations are folded in."""

    def __init__(self, folder: Path | None) -> None:
        super().__init__()
        self.normalise = Normalise()
        self.stem = nn.Conv2d(3, 32, 3, 2, 1)
        self.stages, i = nn.ModuleList(), 32
        for widening, o, count, stride in PLAN:
            blocks = [
                Bottleneck(i if k == 0 else o, o, stride if k == 0 else 1, widening, lambda _: nn.ReLU6())
                for k in range(count)
            ]
            self.stages.append(nn.Sequential(*blocks))
            i = o
        if folder is not None:
            load_strictly(self, folder / FILE, self._folded(folder / FILE))
        else:  # torch's own start would leave nothing of the picture at the last stages
            for module in self.modules():
                if isinstance(module, nn.Conv2d):
                    nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        channels_last(self).eval().requires_grad_(False)

    def _folded(self, path: Path) -> dict[str, Tensor]:
        """The file's convolutions in the order in which they run, each with the normalisation behind it."""
        convs = [name for name, module in self.named_modules() if isinstance(module, nn.Conv2d)]
        try:
            tensors = {k: t.float() for k, t in load_file(path).items() if k.startswith("features.")}
            number = lambda name: [int(part) for part in name.split(".") if part.isdigit()]  # noqa: E731
            places = sorted((k.removesuffix(".weight") for k, t in tensors.items() if t.ndim == 4), key=number)
            out = {}
            for conv, place in zip(convs, places):  # the file has one more, the classifier's
                *before, last = place.split(".")
                norm = ".".join([*before, str(int(last) + 1)])
                gain = tensors[f"{norm}.weight"] * (tensors[f"{norm}.running_var"] + nn.BatchNorm2d(1).eps).rsqrt()
                out[f"{conv}.weight"] = tensors[f"{place}.weight"] * gain[:, None, None, None]
                out[f"{conv}.bias"] = tensors[f"{norm}.bias"] - tensors[f"{norm}.running_mean"] * gain
        except (OSError, SafetensorError, KeyError) as error:
            raise WeightsError(f"{path} cannot be read as weights of MobileNetV2 ({error})") from error
        return out

    def features(self, x: Tensor) -> list[Tensor]:
        """Unit-length features at 1/2, 1/4, 1/8, 1/16 and 1/32."""
        x, taps = self.normalise(x), []
        x = F.relu6(self.stem(x))
        for k, stage in enumerate(self.stages):
            x = stage(x)
            if k in TAPS:
                taps.append(unit_length(x))
        return taps

    def distance(self, a: list[Tensor], b: list[Tensor]) -> Tensor:
        """Of features, (B,)."""
        return torch.stack([(p - q).square().sum(1).mean((1, 2)) for p, q in zip(a, b)]).mean(0)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return self.distance(self.features(x), self.features(y))
