"""What training over a checkpoint takes, before anything is loaded: parameters, FLOPs and memory, on the device "meta".

Shapes are computed, not values, so that a checkpoint of gigabytes needs neither its file nor memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from intaglio.checkpoints.base import Base
from intaglio.checkpoints.known import KNOWN, VAE
from intaglio.checkpoints.stable_diffusion import Checkpoint
from intaglio.codecs.fasdiff_sd import FaSDiffOverStableDiffusion
from intaglio.compressor.config import CompressorConfig
from intaglio.networks import packets
from intaglio.priors.sd_prior import StableDiffusionPrior, SteeringConfig
from intaglio.spaces.sd_space import StableDiffusionSpace

FROZEN, COMPUTED = 2, 2  # bytes of a frozen weight and of an activation in bf16
TRAINED = 4 + 4 + 4  # of a trained weight in fp32, its gradient and its average over steps
MOMENTS, SMALL_MOMENTS = 8, 2  # of the optimiser's two averages, in fp32 and in eight bits


@dataclass(frozen=True)
class Work:
    """Of one picture, forwards and backwards: FLOPs, and bytes of what gradients need, kept or computed anew."""

    forward: int
    backward: int
    kept: int


@dataclass(frozen=True)
class Estimate:
    """Of square pictures of a side, and a known checkpoint."""

    parameters: Mapping[str, int]  # by part
    frozen: int  # parameters
    trained: int
    control: Work  # coding and one step of the diffusion
    joint: Work | None  # and the autoencoder's decoder, where it is asked for

    def memory(self, kept: int, *, eight_bit: bool) -> int:
        """Bytes of a training step that keeps so much for gradients, workspaces not counted."""
        moments = SMALL_MOMENTS if eight_bit else MOMENTS
        return FROZEN * self.frozen + (TRAINED + moments) * self.trained + kept


def shapes(checkpoint: Checkpoint) -> Checkpoint:
    """Of a checkpoint that is there."""
    nets = checkpoint.unet, checkpoint.vae
    with torch.device("meta"):
        unet, vae = (type(net).from_config(dict(net.config)) for net in nets)
    return Checkpoint(checkpoint.base, unet, vae, checkpoint.schedule)


def shapes_of(name: str) -> Checkpoint:
    """Of a known one."""
    from diffusers import AutoencoderKL, UNet2DConditionModel

    known = KNOWN[name]
    with torch.device("meta"):
        return Checkpoint(Base(name, ""), UNet2DConditionModel(**known.unet), AutoencoderKL(**VAE), known.schedule)


def estimate(
    checkpoint: Checkpoint,
    compressor: CompressorConfig,
    steering: SteeringConfig,
    side: int,
    *,
    recompute: bool,
    joint: bool,
) -> Estimate:
    """Of a checkpoint's shapes, on the device "meta", and pictures of a side.

    `recompute`: as the stages have it. `joint`: through the autoencoder, too.
    """
    space = StableDiffusionSpace(checkpoint)
    with torch.device("meta"):
        sized = replace(compressor, latent=space.channels)
        networks = FaSDiffOverStableDiffusion(sized, steering, checkpoint, trained=True)
    prior = networks.prior
    assert isinstance(prior, StableDiffusionPrior)
    prior.recompute(recompute)
    nets = {
        "U-Net, frozen": checkpoint.unet, "autoencoder, frozen": checkpoint.vae, "control branch": prior.branch,
        "modulation": prior.modulate, "hint and tokens": networks.steering, "compressor": networks.compressor,
    }  # fmt: skip
    parameters = {part: sum(p.numel() for p in net.parameters()) for part, net in nets.items()}
    frozen = parameters["U-Net, frozen"] + parameters["autoencoder, frozen"]
    trained = sum(parameters.values()) - frozen
    through = _work(networks, space, space, side) if joint else None
    return Estimate(parameters, frozen, trained, _work(networks, None, space, side), through)


def _work(
    networks: FaSDiffOverStableDiffusion, decoder: StableDiffusionSpace | None, space: StableDiffusionSpace, side: int
) -> Work:
    """Of one picture, through a decoder or as far as its latent."""
    n = side // space.factor
    with torch.device("meta"), _saved() as kept:
        z, p, q = torch.empty(1, space.channels, n, n), torch.empty(1, packets.CHANNELS, n, n), torch.empty(1)
        with FlopCounterMode(display=False) as forward:
            coded = networks.compressor.analyse(z, p)
            control = networks.control(coded, networks.compressor.synthesis(coded, q), q)
            drawn = networks.prior.denoise(z, q, control)
            if decoder is not None:
                drawn = decoder.decode(drawn, n, clamp=False)
        size = sum(kept.values()) * COMPUTED // drawn.element_size()
        with FlopCounterMode(display=False) as backward:
            drawn.mean().backward()
    return Work(forward.get_total_flops(), backward.get_total_flops(), size)


@contextmanager
def _saved() -> Iterator[dict[int, int]]:
    """Bytes of what a graph keeps for gradients, by storage; weights, which are there anyway, left out."""
    sizes: dict[int, int] = {}
    alive: list[Any] = []  # a storage's number may be another's as soon as it is gone

    def pack(x: torch.Tensor) -> torch.Tensor:
        if not isinstance(x, nn.Parameter):
            alive.append(x)
            storage = x.untyped_storage()
            sizes[storage._cdata] = storage.nbytes()
        return x

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda x: x):
        yield sizes
