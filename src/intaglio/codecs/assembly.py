"""A codec's networks out of its sizes: over the compact prior, or over a checkpoint that others trained."""

from __future__ import annotations

from intaglio.checkpoints.stable_diffusion import Checkpoint
from intaglio.codecs import CODECS
from intaglio.codecs.diffusion_codec import DiffusionCodec
from intaglio.compressor.config import CompressorConfig
from intaglio.priors.sd_prior import SteeringConfig
from intaglio.priors.unet import PriorConfig

Prior = PriorConfig | SteeringConfig


def assemble(
    codec: str, compressor: CompressorConfig, prior: Prior, checkpoint: Checkpoint | None, *, trained: bool = False
) -> DiffusionCodec:
    """Networks of random weights, of which those that steer a checkpoint say nothing yet."""
    spec = CODECS[codec]
    if checkpoint is None:
        assert isinstance(prior, PriorConfig)
        return spec.load()(compressor, prior, trained=trained)
    assert isinstance(prior, SteeringConfig)
    return spec.load_adapter()(compressor, prior, checkpoint, trained=trained)


def prior_of(sizes: dict[str, int], checkpoint: Checkpoint | None) -> Prior:
    """The prior's sizes as a weights file has them. Raises TypeError for sizes that are none."""
    return PriorConfig(**sizes) if checkpoint is None else SteeringConfig(**sizes)
