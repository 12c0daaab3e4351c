"""A codec's networks in memory, out of a weights file: what encoder and decoder share."""

from __future__ import annotations

import functools
import os
import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Literal

import torch

from intaglio.checkpoints import stable_diffusion
from intaglio.codecs.assembly import assemble, prior_of
from intaglio.codecs.diffusion_codec import DiffusionCodec
from intaglio.compressor.config import CompressorConfig
from intaglio.entropy.learned.coded import Coded
from intaglio.entropy.learned.entropy_model import EntropyModel
from intaglio.entropy.learned.thaw import thaw
from intaglio.entropy.stream import Stream
from intaglio.errors import OptionError, WeightsError
from intaglio.measures.sight import Sight
from intaglio.networks.layout import frozen
from intaglio.networks.packed import packed
from intaglio.networks.precision import best_dtype
from intaglio.pipeline import windows
from intaglio.pipeline.likeness import Drawing
from intaglio.spaces.lean_decoder import LeanDecoder
from intaglio.spaces.sd_space import StableDiffusionSpace
from intaglio.spaces.space import LatentSpace
from intaglio.spaces.taef2 import Autoencoder
from intaglio.weights.codec_file import Weights
from intaglio.weights.tensors import fill

if hasattr(os, "register_at_fork"):  # a forked child has none of OpenMP's threads, and would wait for them for ever
    os.register_at_fork(after_in_child=lambda: torch.set_num_threads(1))

PixelDecoder = Literal["lean", "reference"]
PIXEL_DECODERS = ("lean", "reference")
MAX_SIZE = 2048  # of anything that a weights file says of its networks: channels, blocks, heads


def networks_of(
    weights: Weights, device: torch.device | str = "cpu", dtype: torch.dtype = torch.float32
) -> DiffusionCodec:
    """A codec's networks (eval, fp32, on the CPU); its entropy models exist as integers only (`Stream`).

    Weights that are an adapter lie over their checkpoint, which is found and loaded, to the device and in the format.

    Raises:
        WeightsError: tensors are missing, unknown, of the wrong shape or not finite, the sizes are not the codec's, or
            the checkpoint is not there.
    """
    checkpoint = stable_diffusion.wanted(weights.base, device, dtype)
    try:
        for size in (size for part in ("compressor", "prior") for size in weights.sizes[part].values()):
            if not isinstance(size, int) or not 0 <= size <= MAX_SIZE:
                raise ValueError(f"{size} is none")
        compressor = CompressorConfig(**weights.sizes["compressor"])
        prior = prior_of(weights.sizes["prior"], checkpoint)
        with torch.device("meta"):  # nothing is allocated until names and shapes are those of the file
            networks = assemble(weights.codec, compressor, prior, checkpoint)
    except (KeyError, TypeError, ValueError, RuntimeError, ArithmeticError, AttributeError) as error:
        raise WeightsError(f"{weights.networks.source} has sizes that this version does not know ({error})") from error
    return frozen(fill(networks, weights.networks))


def lean_decoder_of(weights: Weights) -> LeanDecoder:
    """The lean decoder of a weights file (eval, fp32, on the CPU). Raises WeightsError as `networks_of`."""
    with torch.device("meta"):
        lean = LeanDecoder()
    return frozen(fill(lean, weights.lean))


def space_of(weights: Weights, device: torch.device, dtype: torch.dtype) -> LatentSpace:
    """The latent space that a weights file's networks work in. Raises WeightsError as `networks_of`."""
    checkpoint = stable_diffusion.wanted(weights.base, device, dtype)
    return StableDiffusionSpace(checkpoint) if checkpoint else packed(Autoencoder.load().to(device, dtype))


class Model:
    """The networks of a weights file on a device, in the best precision there unless told otherwise.

    `decoder` "reference" takes the autoencoder for both ways, between pictures and latents, in place of the lean networks. With a
    folder of `features` a search goes by the losses' networks in place of the package's sight.
    Nothing in it changes after loading but what is kept for speed: it may be used from several threads at once.

    Raises:
        OptionError: there is no such device or decoder. WeightsError: as `networks_of`.
    """

    def __init__(
        self,
        weights: Weights,
        *,
        decoder: PixelDecoder = "lean",
        device: str | None = None,
        dtype: torch.dtype | None = None,
        features: Path | None = None,
    ) -> None:
        if decoder not in PIXEL_DECODERS:
            raise OptionError(f"decoder is {decoder!r}, allowed are {' and '.join(PIXEL_DECODERS)}")
        self.device = _device(device)
        self.dtype = dtype or best_dtype(self.device)
        self.weights, self.stream, self._features = weights, Stream.of(weights), features
        self.networks = packed(networks_of(weights, self.device, self.dtype).to(self.device, self.dtype))
        self.lean = None
        if decoder == "lean" and weights.base is None:
            self.lean = packed(lean_decoder_of(weights).to(self.device, self.dtype))
        self.lean_encoder = decoder == "lean" and self.networks.compressor.lean_encoder
        self.analysis_reach, self.synthesis_reach = windows.margins(self.networks.compressor.cfg.depth)

    @functools.cached_property
    def space(self) -> LatentSpace:
        """The latent space with its reference pair of networks."""
        return space_of(self.weights, self.device, self.dtype)

    @functools.cached_property
    def searchable(self) -> tuple[EntropyModel, Drawing]:
        """Entropy models, and networks that draw in one step, by the lean decoder where there is one, all passed by gradients."""
        networks = networks_of(self.weights, self.device, self.dtype).to(self.device, self.dtype)
        if self.weights.base is None:
            return thaw(self.weights.entropy).to(self.device), Drawing(
                networks, lean_decoder_of(self.weights).to(self.device, self.dtype)
            )
        space = space_of(self.weights, self.device, self.dtype)
        drawing = Drawing(networks, lambda z: space.decode(z, max(z.shape[2:]), clamp=False))
        return thaw(self.weights.entropy).to(self.device), drawing

    @functools.cached_property
    def sight(self) -> Sight:
        """What a search sees by. Raises WeightsError."""
        return (Sight.of_losses(self._features) if self._features else Sight.packaged()).to(self.device)

    def autocast(self) -> AbstractContextManager[object]:
        """Inside, networks compute in the model's precision."""
        return torch.autocast(self.device.type, self.dtype, enabled=self.dtype != torch.float32)

    def quality(self, index: int) -> torch.Tensor:
        """A quality index 0..255 as networks take it: (1,)."""
        return torch.tensor([index / 255], device=self.device)

    def tensors(
        self,
        payload: bytes,
        index: int,
        grid: tuple[int, int],
        focus: bool = False,
        *,
        salvage: bool = False,
        watch: Callable[[float], object] = lambda share: None,
    ) -> Coded:
        """A payload's tensors; `grid` is the padded size (rows, columns) in units of 32 pixels.

        With `salvage`, of a damaged payload what is there, with a warning that says how much. `watch` is called, with 0,
        after every pass of the decoder.
        """
        if salvage:
            values, share = self.stream.salvage(payload, index, *grid, focus)
            warnings.warn(
                f"the file is damaged or cut: {share:.0%} of its picture is drawn, the rest guessed", stacklevel=2
            )
        else:
            values = self.stream.decode(payload, index, *grid, focus, lambda name, symbols, indices: watch(0.0))
        return Coded.of(values.floats(), self.device, self.dtype)

    def pixels(self, z: torch.Tensor) -> torch.Tensor:
        """Drawn latents (B, C, h, w) to a picture (B, 3, 8h, 8w), not clamped, at once."""
        z = z.float().contiguous(memory_format=torch.channels_last)
        if self.lean is None:
            return self.space.decode(z, max(z.shape[2:]), clamp=False)
        x: torch.Tensor = self.lean(z)
        return x


def _device(name: str | None) -> torch.device:
    try:
        device = torch.device(name or ("cuda" if torch.cuda.is_available() else "cpu"))
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError, TypeError) as error:  # torch has one for each kind of device
        raise OptionError(f"device is {name!r}, which torch does not find here: try 'cpu'") from error
    return device
