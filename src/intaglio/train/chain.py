"""All that is trained, in one place: a codec's networks, and the lean decoder that what they draw passes through.

    CHAIN.codec.compressor[.analysis.encoder]   CHAIN.codec.(enhancement | fusion)   CHAIN.codec.prior   CHAIN.decoder

Each stage trains a part of it and puts its averaged weights back; a weights file is made of the whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import torch
from torch import nn

from intaglio.codecs.assembly import Prior, assemble
from intaglio.codecs.cgdm import CGDM
from intaglio.codecs.diffusion_codec import DiffusionCodec
from intaglio.compressor.config import CompressorConfig
from intaglio.pipeline.model import lean_decoder_of
from intaglio.spaces.lean_decoder import LeanDecoder
from intaglio.spaces.space_decoder import SpaceDecoder
from intaglio.spaces.taef2 import Autoencoder
from intaglio.train import unpack
from intaglio.train.ground import Ground
from intaglio.weights import codec_file

State = Mapping[str, torch.Tensor]


class Chain(nn.Module):
    """A codec's networks and their lean decoder."""

    def __init__(self, codec: DiffusionCodec, decoder: LeanDecoder | SpaceDecoder) -> None:
        super().__init__()
        self.codec, self.decoder = codec, decoder


def new(codec: str, compressor: CompressorConfig, prior: Prior, ground: Ground) -> Chain:
    """Untrained, but for what the lean decoder takes from the reference decoder, and a branch from a checkpoint."""
    sized = replace(compressor, latent=ground.space.channels)
    networks = assemble(codec, sized, prior, ground.checkpoint, trained=True)
    return Chain(networks, decoder_over(ground))


def decoder_over(ground: Ground) -> LeanDecoder | SpaceDecoder:
    """What draws pixels: an untrained lean decoder, or a checkpoint's own."""
    space = ground.space
    return LeanDecoder.from_reference(space) if isinstance(space, Autoencoder) else SpaceDecoder(space)


def read(codec: str, path: Path, ground: Ground) -> Chain:
    """The chain of a weights file, fp32; its entropy models, which are integers there, become networks again.

    An adapter's is over the ground's checkpoint. Weights that are none can be read on any ground: `take` takes what fits.

    Raises:
        WeightsError: the file is missing, damaged, of another codec, or an adapter for another checkpoint.
    """
    weights = codec_file.read(codec, path)
    networks = unpack.unpack(weights, ground.checkpoint if weights.base else None)
    return Chain(networks, SpaceDecoder(ground.space) if weights.base else lean_decoder_of(weights))


def take(chain: Chain, start: Chain) -> None:
    """Fill the chain with what fits of another in name and shape; the other may be of another codec."""
    state, own = start.state_dict(), chain.state_dict()
    steers = {"codec.enhancement.": "codec.fusion."} if isinstance(chain.codec, CGDM) else {}
    for name, tensor in state.items():
        for theirs, ours in steers.items():
            name = name.replace(theirs, ours)
        if name in own and own[name].shape == tensor.shape:
            own[name].copy_(tensor)


@torch.no_grad()
def blend(chain: Chain, start: State, share: float) -> None:
    """`share` of the chain's weights and the rest of those it started from (Wortsman et al. 2022, weight-space ensembles)."""
    for name, own in chain.state_dict().items():
        if own.is_floating_point():
            own.copy_(torch.lerp(start[name].to(own), own, share))
