"""A codec's networks under ONNX Runtime, on the CPU in fp32: an `Engine` whose arrays are NumPy's."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np

from intaglio.codecs.bounds import near
from intaglio.compressor.prompt import Prompt
from intaglio.engines.onnx_graphs import Graphs
from intaglio.entropy.learned.coded import Coded
from intaglio.entropy.stream import Stream
from intaglio.image import Rgb
from intaglio.networks.progress import Progress, ignored
from intaglio.networks.tiles import Rect
from intaglio.pipeline import payload as payloads
from intaglio.priors import patches
from intaglio.priors.noise import field
from intaglio.priors.prior import Control
from intaglio.weights.codec_file import Weights

LEVELS = range(3)


class OnnxNetworks:
    """The parts of a `DiffusionCodec`, each a graph or some of them."""

    def __init__(self, graphs: Graphs) -> None:
        self.graphs, self.tile = graphs, graphs.about["tile"]
        self.compressor = self  # whose synthesis it is

    def synthesis(self, c: Coded, q: Any) -> Prompt:
        return Prompt(*self.graphs("synthesis", lf=c.lf, h=c.h, vector=c.vector, y=c.y, q=q), cond=q)

    def control(self, c: Coded, prompt: Prompt, q: Any) -> Control:
        *levels, cond, precision = self.graphs(
            "control", lf=c.lf, vector=c.vector, fine=prompt.fine, coarse=prompt.coarse, latent=prompt.latent,
            packets=prompt.packets, q=q,
        )  # fmt: skip
        return Control(levels[: len(LEVELS)], levels[len(LEVELS) :], cond, prompt.latent, precision)

    def completed(self, control: Control, c: Coded) -> Control:
        return control

    def denoise(self, z: Any, sigma: Any, control: Control | None = None) -> Any:
        assert control is not None
        steering = {f"map{k}": control.maps[k] for k in LEVELS} | {f"scale{k}": control.scales[k] for k in LEVELS}
        (clean,) = self.graphs(
            "denoise", z=z, sigma=sigma, **steering, cond=control.cond, base=control.base, precision=control.precision
        )
        return clean

    @property
    def channels(self) -> int:
        channels: int = self.graphs.about["sizes"]["prior"].get("latent", 32)
        return channels

    def draw(
        self,
        control: Control,
        q: Any,
        steps: int,
        noise: Any,
        realism: float = 1.0,
        part: Rect | None = None,
        progress: Progress = ignored,
    ) -> Any:
        """As `DiffusionCodec.draw`."""
        z = patches.draw(self, control, q, steps, noise, self.tile, part, progress)
        return near(z, control.base, realism) if self.graphs.about["bounded"] else z


class OnnxModel:
    """The networks of a weights file, if they are of the released sizes (`onnx_graphs.fit`)."""

    local = True

    def __init__(self, weights: Weights) -> None:
        self.weights, self.stream = weights, Stream.of(weights)
        self.graphs = Graphs(weights)
        self.networks = OnnxNetworks(self.graphs)
        self.pixel_reach: int = self.graphs.about["pixel_reach"]
        self.synthesis_reach: int = self.graphs.about["synthesis_reach"]

    def computing(self) -> AbstractContextManager[None]:
        return nullcontext()

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
        values: dict[str, Any] = dict(
            payloads.tensors(self.stream, payload, index, grid, focus, salvage=salvage, watch=watch)
        )
        return Coded(**{name: array[None] for name, array in values.items()})

    def quality(self, index: int) -> Any:
        """A quality index 0..255 as networks take it: (1,)."""
        return np.array([index / 255], np.float32)

    def noise(self, seed: int, h: int, w: int) -> Any:
        """`noise.field` of the latent space's channels."""
        return field(seed, self.networks.channels, h, w)

    def canvas(self, prompt: Prompt, z: Any, realism: float) -> Callable[[Rect], Rgb]:
        """What draws a rectangle of latents as levels (8h, 8w, 3): of the base picture, moved by `realism` to what z says."""

        def draw(place: Rect) -> Rgb:
            packets = place.cut(prompt.packets)
            if z is None:
                (x,) = self.graphs("base", packets=packets)
            else:
                share = np.array([realism], np.float32)
                (x,) = self.graphs("picture", z=place.cut(z), packets=packets, realism=share)
            return np.rint(np.clip(x[0], 0, 1) * 255).astype(np.uint8).transpose(1, 2, 0)

        return draw
