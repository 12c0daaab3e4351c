"""All that is trained, in one place: a codec's networks, and the lean decoder that what they draw passes through.

    CHAIN.codec.compressor[.analysis.encoder]   CHAIN.codec.(enhancement | fusion)   CHAIN.codec.prior   CHAIN.decoder

Each stage trains a part of it and puts its averaged weights back; a weights file is made of the whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import nn

from intaglio.codecs import CODECS
from intaglio.codecs.cgdm import CGDM
from intaglio.codecs.diffusion_codec import DiffusionCodec
from intaglio.compressor.config import CompressorConfig
from intaglio.pipeline.model import lean_decoder_of
from intaglio.priors.unet import PriorConfig
from intaglio.spaces.lean_decoder import LeanDecoder
from intaglio.spaces.taef2 import Autoencoder
from intaglio.train import unpack
from intaglio.weights import codec_file

State = Mapping[str, torch.Tensor]


class Chain(nn.Module):
    """A codec's networks and their lean decoder."""

    def __init__(self, codec: DiffusionCodec, decoder: LeanDecoder) -> None:
        super().__init__()
        self.codec, self.decoder = codec, decoder


def new(codec: str, compressor: CompressorConfig, prior: PriorConfig, space: Autoencoder) -> Chain:
    """Untrained, but for what the lean decoder takes from the reference decoder."""
    return Chain(CODECS[codec].load()(compressor, prior, trained=True), LeanDecoder.from_reference(space))


def read(codec: str, path: Path) -> Chain:
    """The chain of a weights file, fp32; its entropy models, which are integers there, become networks again.

    Raises:
        WeightsError: the file is missing, damaged or of another codec.
    """
    weights = codec_file.read(codec, path)
    return Chain(unpack.unpack(weights), lean_decoder_of(weights))


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
