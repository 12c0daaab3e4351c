"""A codec end to end: uint8 pictures to payloads, payloads to uint8 pictures."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from intaglio import image
from intaglio.codecs.common import weights as files
from intaglio.codecs.common.compressor import Coded
from intaglio.codecs.common.picture import base_picture
from intaglio.codecs.common.stream import SECTIONS, STRIDE, grid
from intaglio.errors import BudgetError
from intaglio.latent.autoencoder import Autoencoder
from intaglio.latent.lean import load_lean
from intaglio.nets import packets
from intaglio.nets.packed import packed
from intaglio.precision import best_dtype
from intaglio.prior.noise import field

Pixels = NDArray[np.uint8]
GOOD_INDEX = 12  # below this quality index a smaller coded scale looks better
TRIED_ABOVE = 3  # bytes are nearly, not quite, monotone in quality: so many indices above the bisection's are tried


@dataclass(frozen=True)
class Result:
    """A coded picture: what goes into header and payload."""

    payload: bytes
    quality: int  # index 0..255
    scale: int  # coded at 1 / 2**scale


class LatentCodec:
    """A codec's networks in memory, of the weights file `path` (`weights.default`). Device and precision: the best there are."""

    def __init__(self, name: str, path: Path | None = None, *, decoder: Literal["lean", "reference"] = "lean",
                 device: str | None = None, dtype: torch.dtype | None = None) -> None:  # fmt: skip
        self.device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        self.dtype = dtype or best_dtype(self.device)
        self.weights = files.read(name, path)
        self.stream = self.weights.open_stream()
        place = (self.device, self.dtype)
        self.model: Any = packed(files.load_model(self.weights).to(*place))
        self.autoencoder = packed(Autoencoder.load().to(*place))
        self.lean: Any = packed(load_lean().to(*place)) if decoder == "lean" else None

    def _tensor(self, rgb: Pixels) -> torch.Tensor:
        x = torch.from_numpy(np.ascontiguousarray(rgb)).to(self.device).permute(2, 0, 1)[None]
        return x.to(torch.float32).contiguous(memory_format=torch.channels_last) / 255

    # --- Encoding -----------------------------------------------------------------------------------------------

    @torch.inference_mode()
    def analyse(self, rgb: Pixels, scale: int) -> dict[str, NDArray[np.float32]]:
        """Unquantised coded tensors of a picture (H, W, 3) at a coded scale."""
        x = self._tensor(image.pad(image.shrink(rgb, scale), STRIDE))
        z = self.autoencoder.encode(x)
        coded = self.model.compressor.analysis(z.to(self.dtype), packets.analyse(x - 0.5).to(self.dtype))
        return {name: getattr(coded, name)[0].float().cpu().numpy() for name in SECTIONS}

    def compress(self, rgb: Pixels, quality: int | None, budget: int | None) -> Result:
        """A picture (H, W, 3) at a quality index, or the best that fits `budget` payload bytes.

        The largest coded scale whose best index is still good wins; at a scale, y is analysed once and only
        quantisation and coding are repeated.

        Raises:
            BudgetError: no scale fits; its `least` counts payload bytes.
        """
        if budget is None:
            assert quality is not None
            return Result(self.stream.encode(self.analyse(rgb, 0), quality)[0], quality, 0)
        best: Result | None = None
        smallest = 1 << 62
        for scale in range(4):
            tensors = self.analyse(rgb, scale)
            found, least = self._largest(tensors, budget)
            smallest = min(smallest, least)
            if found is not None:
                best = Result(found[0], found[1], scale)
                if found[1] >= GOOD_INDEX:
                    break
        if best is None:
            raise BudgetError(f"the payload takes {smallest} bytes at least", smallest)
        return best

    def _largest(self, tensors: dict[str, NDArray[np.float32]], budget: int) -> tuple[tuple[bytes, int] | None, int]:
        """((payload, index) of the largest index found that fits, or None; the size at index 0)."""
        payload = self.stream.encode(tensors, 0)[0]
        if len(payload) > budget:
            return None, len(payload)
        least, best, low, high = len(payload), (payload, 0), 0, 256
        while high - low > 1:
            middle = (low + high) // 2
            payload = self.stream.encode(tensors, middle)[0]
            if len(payload) <= budget:
                low, best = middle, (payload, middle)
            else:
                high = middle
        for index in range(high + 1, min(256, high + 1 + TRIED_ABOVE)):
            payload = self.stream.encode(tensors, index)[0]
            if len(payload) <= budget:
                best = (payload, index)
        return best, least

    # --- Decoding -----------------------------------------------------------------------------------------------

    @torch.inference_mode()
    def decompress(self, payload: bytes, height: int, width: int, quality: int, scale: int, *, steps: int = 4,
                   realism: float = 1.0, seed: int = 0) -> Pixels:  # fmt: skip
        """A payload to its picture (height, width, 3)."""
        gh, gw = grid(height, width, scale)
        values = self.stream.decode(payload, quality, gh, gw).floats()
        coded = Coded(**{k: torch.from_numpy(v).to(self.device, self.dtype)[None] for k, v in values.items()})
        q = torch.tensor([quality / 255], device=self.device)
        with torch.autocast(self.device.type, self.dtype, enabled=self.dtype != torch.float32):
            prompt = self.model.compressor.synthesis(coded, q)
            x = base_picture(prompt)
            if realism > 0:
                noise = field(seed, 0, 32, 4 * gh, 4 * gw).to(self.device)
                z = self.model.draw(coded, prompt, q, steps, noise, realism)
                drawn = self.model.hold(self._decode(z).float(), prompt, realism)
                x = torch.lerp(x, drawn, realism)
        rows, columns = -(-height // (1 << scale)), -(-width // (1 << scale))
        pixels = (x[0, :, :rows, :columns].float().clamp(0, 1) * 255).round().to(torch.uint8)
        return image.enlarge(pixels.permute(1, 2, 0).cpu().numpy(), (height, width))

    def _decode(self, z: torch.Tensor) -> torch.Tensor:
        z = z.float().contiguous(memory_format=torch.channels_last)
        return self.autoencoder.decode(z, clamp=False) if self.lean is None else self.lean(z)
