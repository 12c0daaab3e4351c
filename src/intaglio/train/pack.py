"""Weights files out of trained networks: what `intaglio.codecs` loads."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from intaglio.codecs.cgdm import CGDM
from intaglio.codecs.fasdiff import FaSDiff
from intaglio.entropy.learned import freeze as export
from intaglio.spaces.lean_decoder import LeanDecoder
from intaglio.train.latent_cache import LatentCache
from intaglio.weights import codec_file as weights
from intaglio.weights import eight_bit as eightbit

Pairs = Iterable[tuple[torch.Tensor, torch.Tensor]]
"""Batches of pictures (B, 3, H, W) in 0..1 with their latents (B, 32, H/8, W/8), float32 on the CPU."""


def whole_pictures(cache: LatentCache, count: int, batch: int = 8) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """The first `count` pictures of a cache, whole."""
    for rows in np.array_split(np.arange(min(count, len(cache))), -(-min(count, len(cache)) // batch)):
        x, z = zip(*(cache.crop(row, 0, 0, cache.size // 8) for row in rows))
        yield torch.stack(x), torch.stack(z)


def pack(codec: str, model: FaSDiff | CGDM, lean: LeanDecoder, pictures: Pairs, path: Path, stream: int,
         focus: nn.Sequential | None = None, choice: NDArray[np.float32] | None = None) -> None:  # fmt: skip
    """Write a codec's weights file: entropy nets in integers, tables fitted to what its analysis, as stored, makes of
    training pictures, the other networks as `weights` says. `focus`: finds faces in the side features of y. `choice`:
    tells portraits from other pictures.

    Raises:
        ValueError: a weight is out of the fixed-point range of the entropy nets.
    """
    model = copy.deepcopy(model).cpu().float().eval()
    for parameter in model.compressor.analysis.parameters():
        if parameter.ndim > 1:
            parameter.data = torch.from_numpy(eightbit.restore(*eightbit.quantise(parameter.detach().numpy())))
    arrays = export.integers(model.compressor, focus)
    arrays = export.refit(arrays, [p for x, z in pictures for p in export.tensors(model.compressor, z, x)])
    config, prior = model.compressor.cfg, model.prior.cfg
    model.compressor.keep_transforms()
    nets, decoder = ({k: v.cpu().numpy() for k, v in net.state_dict().items()} for net in (model, lean))
    weights.write(path, codec, config, prior, stream, arrays, nets, decoder, choice)
