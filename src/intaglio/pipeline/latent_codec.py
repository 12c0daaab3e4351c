"""A codec end to end: uint8 pictures to payloads, payloads to uint8 pictures."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from intaglio import image
from intaglio.compressor.base_picture import base_picture
from intaglio.compressor.compressor import Coded, Prompt
from intaglio.compressor.objective import lam
from intaglio.entropy.learned.thaw import Thawed
from intaglio.entropy.stream import SECTIONS, STRIDE, grid
from intaglio.errors import BudgetError
from intaglio.networks import packets
from intaglio.networks.packed import packed
from intaglio.networks.precision import best_dtype
from intaglio.pipeline import choose as choice
from intaglio.pipeline import refine as online
from intaglio.pipeline import windows
from intaglio.pipeline.search import largest
from intaglio.priors.noise import field
from intaglio.priors.patches import Box, meets, needed
from intaglio.spaces import lean_encoder as encoder
from intaglio.spaces.lean_decoder import REACH
from intaglio.spaces.lean_encoder import LeanEncoder
from intaglio.spaces.taef2 import Autoencoder
from intaglio.spaces.tiling import decode, encode, in_tiles
from intaglio.weights import codec_file as files

Pixels = NDArray[np.uint8]
Tensors = dict[str, NDArray[np.float32]]
WINDOW = 128  # latents a side that pixels are coded and drawn by
SEEN = 32  # latents a side that `distance` looks at, at the least
GOOD_INDEX = 12  # below this quality index a smaller coded scale looks better


@dataclass(frozen=True)
class Result:
    """A coded picture: what goes into header and payload."""

    payload: bytes
    quality: int  # index 0..255
    scale: int  # coded at 1 / 2**scale
    focus: bool = False  # y is coded still finer where a face is


class Features:
    """A picture (H, W, 3) with its packets and latents at each coded scale, made when first asked for; of any codec."""

    def __init__(self, rgb: Pixels, device: torch.device) -> None:
        self.rgb, self.device = rgb, device
        self.known: dict[int, torch.Tensor] = {}
        self.latents: dict[int, torch.Tensor] = {}
        self.analysed: dict[tuple[str, int], Tensors] = {}  # by a codec's weights and coded scale

    def picture(self, scale: int) -> torch.Tensor:
        """(1, 3, H, W) in 0..1, padded, at a coded scale."""
        rgb = image.pad(image.shrink(self.rgb, scale), STRIDE)
        x = torch.from_numpy(np.ascontiguousarray(rgb)).to(self.device).permute(2, 0, 1)[None]
        return x.to(torch.float32).contiguous(memory_format=torch.channels_last) / 255

    def __call__(self, scale: int) -> torch.Tensor:
        """Packets (1, 192, h, w) at a coded scale."""
        if scale not in self.known:
            self.known[scale] = packets.analyse(self.picture(scale) - 0.5)
        return self.known[scale]

    def latent(self, scale: int, autoencoder: Autoencoder) -> torch.Tensor:
        """Latent (1, 32, h, w) by the reference encoder."""
        if scale not in self.latents:
            self.latents[scale] = encode(autoencoder, self.picture(scale), WINDOW)
        return self.latents[scale]


class LatentCodec:
    """A codec's networks in memory, of the weights file `path` (`weights.default`). Device and precision: the best there are.

    `decoder` "reference" takes the autoencoder for both ways, between pictures and latents, in place of the lean networks.
    """

    def __init__(self, name: str, path: Path | None = None, *, decoder: Literal["lean", "reference"] = "lean",
                 device: str | None = None, dtype: torch.dtype | None = None) -> None:  # fmt: skip
        self.device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        self.dtype = dtype or best_dtype(self.device)
        self.weights = files.read(name, path)
        self.stream = self.weights.open_stream()
        self._analysed, self._reach = windows.margins(self.weights.config["compressor"]["depth"])
        place = (self.device, self.dtype)
        self.model: Any = packed(files.load_model(self.weights).to(*place))
        self.lean: Any = packed(files.load_lean(self.weights).to(*place)) if decoder == "lean" else None

    @functools.cached_property
    def autoencoder(self) -> Autoencoder:
        """The reference pair."""
        return packed(Autoencoder.load().to(self.device, self.dtype))

    # --- Encoding -----------------------------------------------------------------------------------------------

    def features(self, rgb: Pixels) -> Features:
        """What all coding of a picture starts from."""
        return Features(rgb, self.device)

    @torch.inference_mode()
    def analyse(self, features: Features, scale: int) -> Tensors:
        """Unquantised coded tensors of a picture at a coded scale."""
        if (known := features.analysed.get((self.weights.decoder, scale))) is not None:
            return known
        lean = self.lean is not None and self.model.compressor.lean_encoder
        z = None if lean else features.latent(scale, self.autoencoder).to(self.dtype)
        coded = windows.analyse(self.model.compressor.analysis, features(scale).to(self.dtype), self._analysed, z)
        made = {name: getattr(coded, name)[0].float().cpu().numpy() for name in SECTIONS}
        features.analysed[self.weights.decoder, scale] = made
        return made

    def portrait(self, features: Features) -> float | None:
        """How sure it is that a picture is a portrait, 0..1; None of weights that cannot tell."""
        if self.weights.choice is None:
            return None
        tensors = self.analyse(features, choice.scale(*features.rgb.shape[:2]))
        return choice.portrait(tensors, self.weights.choice)

    def compress(self, features: Features, quality: int | None, budget: int | None, effort: int = 0,
                 advance: Callable[[float], None] = lambda share: None, focus: bool = False) -> Result:  # fmt: skip
        """A picture at a quality index, or the best that fits `budget` payload bytes.

        The largest coded scale whose best index is still good wins; at a scale, y is analysed once and only
        quantisation and coding are repeated. `effort` 1 to 9 then refines the tensors on the picture; `advance` is
        told each share of that as it is done. `focus`: y is coded still finer where a face is; not with effort.

        Raises:
            BudgetError: no scale fits; its `least` counts payload bytes.
        """
        if budget is None:
            assert quality is not None
            tensors = self.analyse(features, 0)
            result = Result(self.stream.encode(tensors, quality, focus)[0], quality, 0, focus)
        else:
            result, tensors = self._fitting(features, budget, focus)
        return self._refined(features, result, tensors, budget, effort, advance) if effort else result

    def _fitting(self, features: Features, budget: int, focus: bool) -> tuple[Result, Tensors]:
        """The best that fits, and the tensors that it was coded from."""
        best: tuple[Result, Tensors] | None = None
        smallest = 1 << 62
        for scale in range(4):
            tensors = self.analyse(features, scale)
            payload, index = self._largest(tensors, budget, focus)
            smallest = min(smallest, len(payload))
            if index is not None:
                best = Result(payload, index, scale, focus), tensors
                if index >= GOOD_INDEX:
                    break
        if best is None:
            raise BudgetError(f"the payload takes {smallest} bytes at least", smallest)
        return best

    def _largest(self, tensors: Tensors, budget: int, focus: bool = False) -> tuple[bytes, int | None]:
        """`budget.largest` of a picture's tensors."""
        _, h, w = tensors["h"].shape
        size = functools.partial(self.stream.size, tensors, focus=focus)
        return largest(size, lambda q: self.stream.encode(tensors, q, focus)[0], budget, STRIDE**2 * h * w)

    def _refined(self, features: Features, result: Result, tensors: Tensors, budget: int | None, effort: int,
                 advance: Callable[[float], None]) -> Result:  # fmt: skip
        """The result, or what online optimisation makes of it where that is better by real bytes."""
        # Copies, for what was made in inference mode takes no part in gradients.
        z, p = features.latent(result.scale, self.autoencoder).float().clone(), features(result.scale).clone()
        start = Coded(**{k: torch.from_numpy(v).to(self.device)[None] for k, v in tensors.items()})
        entropy, synthesis = self._trainable
        index = result.quality
        if budget is not None:  # refined for the index at which what is saved makes it fit: others undo the refinement
            index = self._largest(tensors, round(budget / (1 - online.SAVED[effort])))[1] or index
        with torch.autocast(self.device.type, self.dtype, enabled=self.dtype != torch.float32):
            iterations = online.ITERATIONS[effort]
            better = online.refine(entropy, synthesis, start, z, p, index, iterations, advance)
        refined = {name: getattr(better, name)[0].cpu().numpy() for name in SECTIONS}
        if budget is None:
            payload = self.stream.encode(refined, index)[0]
        else:
            payload, found = self._largest(refined, budget)
            if found is None:
                return result
            index = found
        tried = Result(payload, index, result.scale)
        return min(result, tried, key=lambda r: self._cost(r, z, p, count_bytes=budget is None))

    @torch.inference_mode()
    def _cost(self, result: Result, z: torch.Tensor, p: torch.Tensor, *, count_bytes: bool) -> float:
        """The compressor's objective at the result's quality, of what a decoder would see; its error alone within a budget."""
        q = torch.tensor([result.quality / 255], device=self.device)
        coded = self._coded(result.payload, result.quality, z.shape[2] // 4, z.shape[3] // 4)
        with torch.autocast(self.device.type, self.dtype, enabled=self.dtype != torch.float32):
            prompt, _ = windows.guided(self.model, coded, q, self._reach)
            error = float(online.distance(prompt.latent, prompt.packets, z, p))
        pixels = 64 * z.shape[2] * z.shape[3]
        return 8 * len(result.payload) / pixels + float(lam(q)) * error if count_bytes else error

    @torch.inference_mode()
    def distance(self, result: Result, features: Features, judge: LeanEncoder) -> float:
        """How far the picture of a result, at one step, is from the original: in the directions of latents by `judge`.

        Looked at is the middle of the picture, half as high and wide, though no less than 256 pixels: where it is cut
        the decoder draws without its surroundings, and codecs differ in how well. Latents of pictures, not the drawn
        ones: those are bent to what each codec's decoder makes of them.
        """
        p = features(result.scale)
        rows, columns = p.shape[2:]
        coded = self._coded(result.payload, result.quality, rows // 4, columns // 4)
        q = torch.tensor([result.quality / 255], device=self.device)
        top, left = (min(side // 4, max(side - SEEN, 0) // 2) for side in (rows, columns))
        middle = top, left, rows - top, columns - left
        with torch.autocast(self.device.type, self.dtype, enabled=self.dtype != torch.float32):
            prompt, control = windows.guided(self.model, coded, q, self._reach)
            z = self.model.draw(control, q, 1, torch.zeros_like(prompt.latent, dtype=torch.float32), part=middle)
            shown = replace(prompt, packets=windows.cut(prompt.packets, 1, *middle))
            x = self.model.hold(self._decode(windows.cut(z, 1, *middle)).float(), shown).clamp(0, 1)
        seen, wanted = (
            F.normalize(in_tiles(judge, of.to(self.dtype), margin=encoder.REACH, tile=WINDOW).float(), dim=1)
            for of in (packets.analyse(x - 0.5), windows.cut(p, 1, *middle))
        )
        return float((seen - wanted).square().mean())

    @functools.cached_property
    def _trainable(self) -> tuple[Thawed, Any]:
        """Entropy models and synthesis that gradients pass."""
        plain = files.load_model(self.weights).to(self.device)
        return Thawed(self.weights.entropy).to(self.device), plain.compressor.synthesis

    def _coded(self, payload: bytes, quality: int, gh: int, gw: int, focus: bool = False) -> Coded:
        """A payload's tensors; gh, gw is the padded size in units of 32 pixels."""
        values = self.stream.decode(payload, quality, gh, gw, focus).floats()
        return Coded(**{k: torch.from_numpy(v).to(self.device, self.dtype)[None] for k, v in values.items()})

    # --- Decoding -----------------------------------------------------------------------------------------------

    @torch.inference_mode()
    def decompress(self, payload: bytes, height: int, width: int, quality: int, scale: int, *, steps: int = 4,
                   realism: float = 1.0, seed: int = 0, box: Box | None = None, focus: bool = False) -> Pixels:  # fmt: skip
        """A payload to its picture (height, width, 3), or to the `box` of it: top, left, bottom, right in pixels."""
        gh, gw = grid(height, width, scale)
        coded = self._coded(payload, quality, gh, gw, focus)
        q = torch.tensor([quality / 255], device=self.device)
        with torch.autocast(self.device.type, self.dtype, enabled=self.dtype != torch.float32):
            part, far = self._parts(box, scale, 4 * gh, 4 * gw, steps)
            prompt, control = windows.guided(self.model, coded, q, self._reach, part=far)
            z = None
            if realism > 0:
                noise = field(seed, 0, 32, 4 * gh, 4 * gw).to(self.device)
                z = self.model.draw(control, q, steps, noise, realism, part)
            pixels = self._pixels(prompt, z, realism, part)
        rows, columns = -(-height // (1 << scale)), -(-width // (1 << scale))
        whole = image.enlarge(pixels[:rows, :columns], (height, width))
        return whole if box is None else whole[box[0] : box[2], box[1] : box[3]]

    def _parts(self, box: Box | None, scale: int, h: int, w: int, steps: int) -> tuple[Box | None, Box | None]:
        """What a box of the picture depends on: a box of the latent (h, w), and one of grains for all of its patches."""
        if box is None or self.lean is None:  # the reference decoder's statistics are of the whole latent
            return None, None
        margin = REACH + 2  # the decoder's, and of what enlarges and what holds the low band
        cell = 8 << scale
        top, left = (max(0, side // cell - margin) for side in box[:2])
        bottom, right = (min(of, -(-side // cell) + margin) for side, of in zip(box[2:], (h, w)))
        patches = needed((top, left, bottom, right), h, w, steps, self.model.tile)
        ends = max(p[0] + p[2] for p in patches), max(p[1] + p[3] for p in patches)
        starts = min(p[0] for p in patches), min(p[1] for p in patches)
        return (top, left, bottom, right), (starts[0] // 4, starts[1] // 4, -(-ends[0] // 4), -(-ends[1] // 4))

    def _pixels(self, prompt: Prompt, z: torch.Tensor | None, realism: float, part: Box | None) -> Pixels:
        """The picture of a prompt and drawn latents (None: the base picture), padded, window by window; or part of it."""
        h, w = prompt.latent.shape[2:]
        out = np.zeros((8 * h, 8 * w, 3), np.uint8)
        whole = None
        if z is not None and self.lean is None:
            whole = decode(self.autoencoder, z.float().contiguous(memory_format=torch.channels_last), clamp=False)
        for top in range(0, h, WINDOW):
            for left in range(0, w, WINDOW):
                if part and not meets((top, left, WINDOW, WINDOW), part):
                    continue
                first, start = max(top - REACH - 1, 0), max(left - REACH - 1, 0)
                place = (first, start, min(top + WINDOW + REACH + 1, h), min(left + WINDOW + REACH + 1, w))
                shown = replace(prompt, packets=windows.cut(prompt.packets, 1, *place))
                x = base_picture(shown)
                if z is not None:
                    drawn = (
                        windows.cut(whole, 8, *place) if whole is not None else self._decode(windows.cut(z, 1, *place))
                    )
                    x = torch.lerp(x, self.model.hold(drawn.float(), shown, realism), realism)
                inside = x[0, :, 8 * (top - first) :, 8 * (left - start) :][:, : 8 * WINDOW, : 8 * WINDOW]
                levels = (inside.float().clamp(0, 1) * 255).round().to(torch.uint8).permute(1, 2, 0).cpu().numpy()
                out[8 * top : 8 * top + levels.shape[0], 8 * left : 8 * left + levels.shape[1]] = levels
        return out

    def _decode(self, z: torch.Tensor) -> torch.Tensor:
        """Drawn latents to a picture (B, 3, 8h, 8w), not clamped."""
        z = z.float().contiguous(memory_format=torch.channels_last)
        return self.autoencoder.decode(z, clamp=False) if self.lean is None else self.lean(z)
