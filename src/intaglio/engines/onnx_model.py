"""A codec's networks under ONNX Runtime, on the CPU in fp32: an `Engine` whose arrays are NumPy's."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
from numpy.typing import NDArray

from intaglio.codecs.bounds import near
from intaglio.compressor.prompt import Prompt
from intaglio.engines.onnx_graphs import Graphs
from intaglio.entropy.learned.coded import Coded
from intaglio.entropy.stream import Stream
from intaglio.image import Rgb
from intaglio.networks import walsh
from intaglio.networks.progress import Progress, ignored
from intaglio.networks.tiles import Rect, stitch
from intaglio.networks.walsh import SIDE
from intaglio.pipeline import payload as payloads
from intaglio.pipeline import windows
from intaglio.pipeline.original import Original, Tensors
from intaglio.pipeline.windows import GRAIN
from intaglio.priors import patches
from intaglio.priors.noise import field
from intaglio.priors.prior import Control
from intaglio.weights.codec_file import Weights

LEVELS = range(3)
DRAWING = ("synthesis", "control", "denoise", "picture")  # graphs, in the order that they are needed in


class OnnxNetworks:
    """The parts of a `DiffusionCodec`, each a graph or some of them."""

    def __init__(self, graphs: Graphs) -> None:
        self.graphs, self.tile = graphs, graphs.about["tile"]
        self.compressor = self  # whose synthesis it is

    def synthesis(self, c: Coded, q: Any) -> Prompt:
        fine, coarse, latent, packets = self.graphs("synthesis", lf=c.lf, h=c.h, vector=c.vector, y=c.y, q=q)
        return Prompt(fine, coarse, latent, packets, q)

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


def _picture(rgb: Rgb) -> NDArray[np.float32]:
    """(1, 3, H, W) in 0..1."""
    return np.ascontiguousarray(rgb.transpose(2, 0, 1)[None], np.float32) / np.float32(255)


def _packets(rgb: Rgb) -> NDArray[np.float32]:
    """Packets (1, 192, h, w) of a picture (8h, 8w, 3)."""
    return walsh.analyse(_picture(rgb) - np.float32(0.5))


class OnnxModel:
    """The networks of a weights file, if they are of the released sizes (`onnx_graphs.fit`)."""

    gradients = False
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
        patch = (min(windows.GRAIN * side, self.networks.tile) for side in grid)
        self.graphs.foresee(*DRAWING, latents=math.prod(patch))
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

    def analyse(self, original: Original, scale: int, after: Progress = ignored) -> Tensors:
        """Unquantised coded tensors of a picture at a coded scale; `after` is told each share of the work that is done."""
        told = list[float]()

        def analysed() -> Tensors:
            rgb = original.padded(scale)
            p = original.kept(("packets", "numpy", scale), lambda: _packets(rgb))
            z = (
                None
                if self.graphs.about["lean_encoder"]
                else original.kept(("latent", "numpy", scale), lambda: self._encode(rgb))
            )

            def spatial(place: Rect) -> list[Any]:
                cut, latent = place.cut(p, GRAIN), None if z is None else place.cut(z, GRAIN)
                return self.graphs("analysis", p=cut, **({} if latent is None else {"z": latent}))

            def tell(share: float) -> None:
                told.append(share)
                after(share)

            reach = self.graphs.about["analysis_reach"]
            y, deep = stitch(spatial, p.shape[2] // GRAIN, p.shape[3] // GRAIN, windows.TILE, reach, after=tell)
            lf, h, *vector = self.graphs("finish", deep=deep)
            flat = vector[0][0] if vector else np.zeros((0, 1, 1), np.float32)
            return {"lf": lf[0], "h": h[0], "vector": flat, "y": y[0]}

        tensors = original.kept((self.weights.decoder, scale), analysed)
        if not told:
            after(1.0)
        return tensors

    def _encode(self, rgb: Rgb) -> Any:
        """Latents (1, C, h, w) of a picture by the reference encoder, as `taef2.Autoencoder.encode`."""
        x = _picture(rgb)
        margin = self.graphs.about["encoder_margin"]

        def outer(place: Rect) -> list[Any]:
            return self.graphs("outer", x=place.cut(x, SIDE))

        (features,) = stitch(outer, x.shape[2] // SIDE, x.shape[3] // SIDE, windows.WINDOW, margin)
        return self.graphs("inner", features=features)[0]

    def latents(self, rgb: Rgb) -> NDArray[np.float32]:
        """Latents (1, C, h, w) of a picture (8h, 8w, 3) by the lean encoder."""
        p, margin = _packets(rgb), self.graphs.about["lean_margin"]
        rows, columns = p.shape[2:]
        (z,) = stitch(lambda place: self.graphs("latents", p=place.cut(p)), rows, columns, windows.WINDOW, margin)
        seen: NDArray[np.float32] = z
        return seen

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
