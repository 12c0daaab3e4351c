"""What runs a codec's networks, to encoder and decoder: PyTorch (`model`) or ONNX Runtime (`engines`)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from intaglio.entropy.stream import Stream
from intaglio.image import Rgb
from intaglio.networks.progress import Progress
from intaglio.networks.tiles import Rect
from intaglio.pipeline.original import Original, Tensors
from intaglio.weights.codec_file import Weights

if TYPE_CHECKING:
    from intaglio.compressor.prompt import Prompt
    from intaglio.entropy.learned.coded import Coded


class Engine(Protocol):
    """A codec's networks in memory; arrays are the engine's own. It may be used from several threads at once."""

    weights: Weights
    stream: Stream
    gradients: bool  # pass through it, as refinement needs
    local: bool  # what a pixel depends on is bounded, so that a box may be drawn alone
    pixel_reach: int  # latents that a pixel depends on lie at most so far
    synthesis_reach: int  # grains that synthesis with guidance reaches

    @property
    def networks(self) -> Any:
        """The parts of a `DiffusionCodec` by its names: compressor.synthesis, control, completed, draw and tile."""

    def computing(self) -> AbstractContextManager[None]:
        """Inside, the networks may be run."""

    def tensors(
        self,
        payload: bytes,
        index: int,
        grid: tuple[int, int],
        focus: bool = False,
        *,
        salvage: bool = False,
        watch: Callable[[float], object] = ...,
    ) -> Coded:
        """As `payload.tensors`, a batch of one."""

    def quality(self, index: int) -> Any:
        """A quality index 0..255 as networks take it: (1,)."""

    def noise(self, seed: int, h: int, w: int) -> Any:
        """`noise.field` of the latent space's channels."""

    def analyse(self, original: Original, scale: int, after: Progress = ...) -> Tensors:
        """Unquantised coded tensors of a picture at a coded scale; `after` is told each share of the work that is done."""

    def latents(self, rgb: Rgb) -> NDArray[np.float32]:
        """Latents (1, C, h, w) of a picture (8h, 8w, 3) by the lean encoder, which FaSDiff has."""

    def canvas(self, prompt: Prompt, z: Any, realism: float) -> Callable[[Rect], Rgb]:
        """What draws a rectangle of latents as levels (8h, 8w, 3): of the base picture, moved by `realism` to what z says."""
