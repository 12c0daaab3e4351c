"""Weights files out of trained networks: what `intaglio.pipeline.model` loads. `unpack` is the reverse."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from intaglio.checkpoints.base import Base
from intaglio.codecs.diffusion_codec import DiffusionCodec
from intaglio.compressor.compressor import Compressor
from intaglio.entropy.learned import freeze
from intaglio.networks import packets
from intaglio.spaces.lean_decoder import LeanDecoder
from intaglio.spaces.space_decoder import SpaceDecoder
from intaglio.train.latent_cache import LatentCache
from intaglio.weights import codec_file, eight_bit

Pairs = Iterable[tuple[torch.Tensor, torch.Tensor]]
"""Batches of pictures (B, 3, H, W) in 0..1 with their latents (B, C, H/8, W/8), float32 on the CPU."""


def whole_pictures(cache: LatentCache, count: int, batch: int = 8) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """The first `count` pictures of a cache, whole."""
    for rows in np.array_split(np.arange(min(count, len(cache))), -(-min(count, len(cache)) // batch)):
        x, z = zip(*(cache.crop(row, 0, 0, cache.side) for row in rows))
        yield torch.stack(x), torch.stack(z)


@torch.inference_mode()
def tensors(compressor: Compressor, z: torch.Tensor, x: torch.Tensor) -> list[dict[str, NDArray[np.float32]]]:
    """Unquantised coded tensors of pictures x (B, 3, H, W) with latents z, picture by picture."""
    coded = compressor.analyse(z, packets.analyse(x - 0.5))
    return [coded.arrays(row) for row in range(len(x))]


def pack(
    codec: str,
    model: DiffusionCodec,
    decoder: LeanDecoder | SpaceDecoder,
    pictures: Pairs,
    path: Path,
    stream: int,
    focus: nn.Sequential | None = None,
    choice: NDArray[np.float32] | None = None,
    base: Base | None = None,
) -> None:
    """Write a codec's weights file: entropy nets in integers, tables fitted to what its analysis, as stored, makes of
    training pictures, the other networks as `codec_file` says.

    Args:
        focus: finds faces in the side features of y. choice: tells portraits from other pictures. base: the checkpoint under it.

    Raises:
        WeightsError: a weight is out of the fixed-point range of the entropy nets.
    """
    model = copy.deepcopy(model).cpu().float().eval()
    compressor = model.compressor
    assert compressor.entropy is not None
    for parameter in compressor.analysis.parameters():
        if parameter.ndim > 1:
            parameter.data = torch.from_numpy(eight_bit.restore(*eight_bit.quantise(parameter.detach().numpy())))
    arrays = freeze.integers(compressor.entropy, focus)
    arrays = freeze.refit(arrays, [p for x, z in pictures for p in tensors(compressor, z, x)])
    compressor.entropy = None
    networks, lean = ({k: v.cpu().numpy() for k, v in net.state_dict().items()} for net in (model, decoder))
    sizes = {"compressor": asdict(compressor.cfg), "prior": asdict(model.prior.cfg)}
    codec_file.write(path, codec, sizes, stream, entropy=arrays, networks=networks, lean=lean, choice=choice, base=base)
