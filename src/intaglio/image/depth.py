"""Samples of any depth to 8 bits of sRGB: of integers all their bits, of floats the range that they are in.

Colours are converted before they are rounded: 8 bits of linear light would leave steps in every shadow.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from intaglio.errors import PictureError
from intaglio.image.colour_space import ColourSpace, Levels, srgb_encoded
from intaglio.image.high_range import rolled_off

Samples = NDArray[Any]
_ROWS = 128  # converted at a time, so that a picture is never held as floats
_RANGES = (1, 255, 65_535)


@dataclass(frozen=True)
class DeepPicture:
    """What a file holds where Pillow has no mode for it.

    Args:
        colours: (H, W, 1) grey, (H, W, 3) RGB or (H, W, 4) CMYK.
        full: the sample that means white; 0 is black.
        alpha: (H, W), opaque at `alpha_full`.
        inverted: 0 is white. premultiplied: colours are multiplied by alpha.
    """

    colours: Samples
    full: float
    alpha: Samples | None = None
    alpha_full: float = 1.0
    inverted: bool = False
    premultiplied: bool = False

    def eight_bits(self, space: ColourSpace | None = None) -> Image.Image:
        """Mode L, RGB, LA, RGBA or CMYK, converted from `space` to sRGB (None: it is sRGB, or CMYK)."""
        peak = 1.0
        if space and space.bright:
            peak = max(float(space.linear(self._levels(rows)).max()) for rows in self._bands())
        channels = self.colours.shape[2] + (self.alpha is not None)
        out = np.empty((*self.colours.shape[:2], channels), np.uint8)
        for rows in self._bands():
            levels = self._levels(rows)
            if space:
                levels = srgb_encoded(rolled_off(space.linear(levels), peak))
            out[rows, :, : levels.shape[2]] = np.rint(levels * 255)
            if self.alpha is not None:
                out[rows, :, -1] = np.rint(_clipped(self.alpha[rows], self.alpha_full) * 255)
        if self.colours.shape[2] == 4:
            return Image.frombytes("CMYK", out.shape[1::-1], out[..., :4].tobytes())
        return Image.fromarray(out[..., 0] if channels == 1 else out)

    def _bands(self) -> list[slice]:
        return [slice(top, top + _ROWS) for top in range(0, len(self.colours), _ROWS)]

    def _levels(self, rows: slice) -> Levels:
        levels = _clipped(self.colours[rows], self.full)
        if self.inverted:
            levels = 1 - levels
        if self.premultiplied and self.alpha is not None:
            alpha = _clipped(self.alpha[rows], self.alpha_full)[..., None]
            levels = np.minimum(levels / np.maximum(alpha, 1e-6), 1)
        return levels


def _clipped(samples: Samples, full: float) -> Levels:
    numbers: NDArray[np.floating] = samples.astype(np.float64 if samples.itemsize > 2 else np.float32)
    np.nan_to_num(numbers, copy=False, nan=0.0)
    return np.clip(numbers / full, 0, 1).astype(np.float32)


def white(samples: Samples) -> float:
    """The sample that means white where nothing says so: the end of the least common range that the samples fit.

    Integers end at 255, 65,535 or the largest of their type, floats at 1, 255 or 65,535. All whole numbers must fit,
    and of others half of the positive ones, for highlights may pass 1. What does not fit, or is no number, is a warning.

    Raises:
        PictureError: integers below 0.
    """
    if samples.dtype.kind in "iu":
        if samples.min() < 0:
            raise PictureError(
                f"the samples are signed, from {samples.min()} to {samples.max()}, and nothing says which are black and "
                "white: save them unsigned"
            )
        last = np.iinfo(samples.dtype).max
        return float(next(full for full in (*_RANGES[1:], last) if samples.max() <= full <= last))
    if samples.min() >= 0 and samples.max() <= 1:  # neither holds where there is a NaN
        return 1.0
    finite = samples[np.isfinite(samples)]
    if finite.dtype == np.float16:  # which ends below 65,535
        finite = finite.astype(np.float32)
    some = finite[:: max(1, finite.size >> 18)]
    some = some[some > 0]
    full = 1.0
    if some.size:
        most = finite.max() if np.array_equal(some, np.rint(some)) else np.median(some)
        full = float(next((full for full in _RANGES if most <= full), most))
    strange = samples.size - finite.size
    outside = np.count_nonzero((finite < 0) | (finite > full))
    if strange or outside:
        counts = [f"{strange:,} are no finite numbers"] * bool(strange)
        counts += [f"{outside:,} lie outside and are clipped"] * bool(outside)
        warnings.warn(
            f"the picture's {samples.size:,} floats are read as 0 to {full:,.0f}: {', '.join(counts)}", stacklevel=2
        )
    return full
