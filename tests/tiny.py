"""A tiny model with random weights as a custom stream: `python tests/tiny.py PATH` writes its weights file."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from intaglio.codecs import model_of
from intaglio.compressor.compressor import CompressorConfig
from intaglio.entropy.learned import freeze as export
from intaglio.format.streams import CUSTOM
from intaglio.priors.unet import PriorConfig
from intaglio.spaces.lean_decoder import LeanDecoder
from intaglio.weights import codec_file as weights


def write(path: Path, codec: str = "fasdiff", seed: int = 3, choice: NDArray[np.float32] | None = None) -> None:
    torch.manual_seed(seed)
    compressor = CompressorConfig(fine=16, coarse=16, depth=1, y=16, h=8, lf=4, width=16, cond=16, encoder=16)
    if codec == "cgdm":
        compressor = replace(compressor, vector=8)
    prior = PriorConfig(fine=16, coarse=16, deep=16, depth=1, heads=2, cond=16)
    model = model_of(codec)(compressor, prior)
    with torch.no_grad():
        analysis = model.compressor.analysis
        for layer in (analysis.lf, analysis.h, analysis.y, *(analysis.vector or ())[2:]):
            layer.weight.mul_(4)
        model.compressor.synthesis.packets.weight.mul_(2)
    focus = torch.nn.Sequential(torch.nn.Conv2d(16, 4, 3, 1, 1), torch.nn.ReLU(), torch.nn.Conv2d(4, 1, 1))
    focus[2].bias.data.fill_(0.5)
    integers = export.integers(model.compressor, focus if codec == "fasdiff" else None)
    model.compressor.keep_transforms()
    nets, lean = ({k: v.numpy() for k, v in net.state_dict().items()} for net in (model, LeanDecoder()))
    weights.write(path, codec, compressor, prior, CUSTOM, integers, nets, lean, choice)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
