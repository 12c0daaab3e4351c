"""A codec's networks in memory, out of a weights file: what encoder and decoder share."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray

from intaglio.checkpoints import stable_diffusion
from intaglio.codecs.assembly import assemble, prior_of
from intaglio.codecs.diffusion_codec import DiffusionCodec
from intaglio.compressor.base_picture import base_picture
from intaglio.compressor.config import CompressorConfig
from intaglio.compressor.prompt import Prompt
from intaglio.entropy.learned.coded import Coded
from intaglio.entropy.learned.entropy_model import EntropyModel
from intaglio.entropy.learned.thaw import thaw
from intaglio.entropy.stream import Stream
from intaglio.errors import OptionError, WeightsError
from intaglio.image import Rgb
from intaglio.measures.sight import Sight
from intaglio.networks import packets
from intaglio.networks.layout import frozen
from intaglio.networks.packed import packed
from intaglio.networks.precision import best_dtype
from intaglio.networks.progress import Progress, ignored
from intaglio.networks.tiles import Rect, stitch
from intaglio.networks.walsh import SIDE
from intaglio.pipeline import payload as payloads
from intaglio.pipeline import windows
from intaglio.pipeline.likeness import Drawing
from intaglio.pipeline.original import Original, Tensors
from intaglio.priors.noise import field
from intaglio.spaces import lean_decoder, lean_encoder
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


def margins(depth: int) -> tuple[int, int]:
    """Grains that analysis, and synthesis with guidance, reach; `depth` as in CompressorConfig."""
    analysis = (
        lean_encoder.REACH + 16 + 6 * depth
    )  # latents: the encoder; 1 + 2d at 1/8, then down; 2d at 1/16, down; 3 at 1/32
    synthesis = 17 + 6 * depth  # 2 at 1/32; 2d + 1 at 1/16; 2d + 1 at 1/8; guidance 4 at 1/8 and 1 at 1/16
    return -(-analysis // windows.GRAIN), -(-synthesis // windows.GRAIN)


class Model:
    """The networks of a weights file on a device, in the best precision there unless told otherwise.

    `decoder` "reference" takes the autoencoder for both ways, between pictures and latents, in place of the lean networks. With a
    folder of `features` a search goes by the losses' networks in place of the package's sight.
    Nothing in it changes after loading but what is kept for speed: it may be used from several threads at once.

    Raises:
        OptionError: there is no such device or decoder. WeightsError: as `networks_of`.
    """

    gradients = True

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
        self.local, self.pixel_reach = self.lean is not None, lean_decoder.REACH
        self.analysis_reach, self.synthesis_reach = margins(self.networks.compressor.cfg.depth)

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

    @contextmanager
    def computing(self) -> Iterator[None]:
        """Inside, networks compute in the model's precision, and no gradients are kept."""
        with torch.inference_mode(), self.autocast():
            yield

    def noise(self, seed: int, h: int, w: int) -> torch.Tensor:
        """`noise.field` of the latent space's channels."""
        return torch.from_numpy(field(seed, self.networks.compressor.cfg.latent, h, w)).to(self.device)

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
        """As `payload.tensors`, a batch of one."""
        values = payloads.tensors(self.stream, payload, index, grid, focus, salvage=salvage, watch=watch)
        return Coded.of(values, self.device, self.dtype)

    def packets(self, original: Original, scale: int) -> torch.Tensor:
        """A picture's packets (1, 192, h, w), fp32, at a coded scale."""
        return original.kept(("packets", "torch", scale), lambda: packets.analyse(self.picture(original, scale) - 0.5))

    @torch.no_grad()
    def latent(self, original: Original, scale: int) -> torch.Tensor:
        """A picture's latent (1, C, h, w) by the reference encoder, at a coded scale."""
        key = "latent", "torch", self.space.name, scale
        return original.kept(key, lambda: self.space.encode(self.picture(original, scale), windows.WINDOW))

    def analyse(self, original: Original, scale: int, after: Progress = ignored) -> Tensors:
        """Unquantised coded tensors of a picture at a coded scale; `after` is told each share of the work that is done."""

        def analysed() -> Tensors:
            z = None if self.lean_encoder else self.latent(original, scale).to(self.dtype)
            p, analysis = self.packets(original, scale).to(self.dtype), self.networks.compressor.analysis
            return windows.analyse(analysis, p, self.analysis_reach, z, after=told).arrays()

        done = 0.0

        def told(share: float) -> None:
            nonlocal done
            done += share
            after(share)

        with torch.inference_mode():
            tensors = original.kept((self.weights.decoder, scale), analysed)
        if not done:
            after(1.0)
        return tensors

    @torch.inference_mode()
    def latents(self, rgb: Rgb) -> NDArray[np.float32]:
        """Latents (1, C, h, w) of a picture (8h, 8w, 3) by the lean encoder."""
        p = packets.analyse(self._tensor(rgb) - 0.5).to(self.dtype)
        encoder = self.networks.compressor.analysis.encoder
        rows, columns = p.shape[2:]
        (z,) = stitch(lambda place: [encoder(place.cut(p))], rows, columns, windows.WINDOW, lean_encoder.REACH)
        seen: NDArray[np.float32] = z.float().cpu().numpy()
        return seen

    def picture(self, original: Original, scale: int) -> torch.Tensor:
        """(1, 3, H, W) in 0..1, padded, at a coded scale."""
        return self._tensor(original.padded(scale))

    def _tensor(self, rgb: Rgb) -> torch.Tensor:
        """(1, 3, H, W) in 0..1."""
        x = torch.from_numpy(np.ascontiguousarray(rgb)).to(self.device).permute(2, 0, 1)[None]
        return x.to(torch.float32).contiguous(memory_format=torch.channels_last) / 255

    def pixels(self, z: torch.Tensor) -> torch.Tensor:
        """Drawn latents (B, C, h, w) to a picture (B, 3, 8h, 8w), not clamped, at once."""
        z = z.float().contiguous(memory_format=torch.channels_last)
        if self.lean is None:
            return self.space.decode(z, max(z.shape[2:]), clamp=False)
        x: torch.Tensor = self.lean(z)
        return x

    def canvas(self, prompt: Prompt, z: torch.Tensor | None, realism: float) -> Callable[[Rect], Rgb]:
        """What draws a rectangle of latents as levels (8h, 8w, 3): of the base picture, moved by `realism` to what z says."""
        whole = None
        if z is not None and self.lean is None:
            whole = self.space.decode(z.float().contiguous(memory_format=torch.channels_last), clamp=False)

        def draw(place: Rect) -> Rgb:
            shown = replace(prompt, packets=place.cut(prompt.packets))
            x = base_picture(shown)
            if z is not None:
                drawn = self.pixels(place.cut(z)) if whole is None else place.cut(whole, SIDE)
                x = torch.lerp(x, self.networks.hold(drawn.float(), shown, realism), realism)
            levels: Rgb = (x[0].float().clamp(0, 1) * 255).round().to(torch.uint8).permute(1, 2, 0).cpu().numpy()
            return levels

        return draw


def _device(name: str | None) -> torch.device:
    try:
        device = torch.device(name or ("cuda" if torch.cuda.is_available() else "cpu"))
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError, TypeError) as error:  # torch has one for each kind of device
        raise OptionError(f"device is {name!r}, which torch does not find here: try 'cpu'") from error
    return device
