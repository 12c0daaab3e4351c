"""What the numbers of a picture mean as light, and the same light as sRGB.

    0..1 ── transfer ──► linear ── matrix ──► linear, sRGB's primaries ── clip, sRGB curve ──► 0..1

Codes are those of ITU-T H.273, which PNG's cICP and the nclx of AVIF and HEIF share. Colours that sRGB cannot show are
clipped. White is adapted to D65 by Bradford's matrix, as in ICC profiles.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Levels = NDArray[np.float32]
Transfer = Callable[[Levels], Levels]  # coded 0..1 to linear light, in which 1 is white
Chromaticities = tuple[float, float, float, float, float, float, float, float]
"""x and y of white, red, green and blue."""

_D65 = (0.3127, 0.3290)
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])

SRGB_PRIMARIES: Chromaticities = (*_D65, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06)
ADOBE_PRIMARIES: Chromaticities = (*_D65, 0.64, 0.33, 0.21, 0.71, 0.15, 0.06)
ADOBE_GAMMA = 563 / 256
PRIMARIES: dict[int, Chromaticities] = {
    1: SRGB_PRIMARIES,
    4: (0.310, 0.316, 0.67, 0.33, 0.21, 0.71, 0.14, 0.08),  # NTSC 1953
    5: (*_D65, 0.64, 0.33, 0.29, 0.60, 0.15, 0.06),  # PAL
    6: (*_D65, 0.630, 0.340, 0.310, 0.595, 0.155, 0.070),  # SMPTE 170M
    7: (*_D65, 0.630, 0.340, 0.310, 0.595, 0.155, 0.070),
    8: (0.310, 0.316, 0.681, 0.319, 0.243, 0.692, 0.145, 0.049),  # film
    9: (*_D65, 0.708, 0.292, 0.170, 0.797, 0.131, 0.046),  # BT.2020
    10: (1 / 3, 1 / 3, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0),  # XYZ
    11: (0.314, 0.351, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060),  # DCI-P3
    12: (*_D65, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060),  # Display P3
    22: (*_D65, 0.630, 0.340, 0.295, 0.605, 0.155, 0.077),
}


@dataclass(frozen=True)
class ColourSpace:
    """How coded values become sRGB.

    Args:
        transfer: coded 0..1 to linear light.
        matrix: 3x3, linear RGB of this space to linear RGB of sRGB; None where the primaries are sRGB's.
        bright: light may exceed white, and is compressed to it (see `rolled_off`).
    """

    transfer: Transfer
    matrix: NDArray[np.float64] | None = None
    bright: bool = False

    def linear(self, coded: Levels) -> Levels:
        """(..., 1 or 3) in 0..1 to linear light of sRGB's primaries; one channel is grey, which no matrix changes."""
        light = self.transfer(coded)
        if self.matrix is not None and light.shape[-1] == 3:
            light = light @ self.matrix.T.astype(np.float32)
        return light


def srgb_encoded(linear: Levels) -> Levels:
    """Linear light to coded 0..1 by the curve of IEC 61966-2-1; what lies outside is clipped."""
    linear = np.clip(linear, 0, 1)
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055).astype(np.float32)


def srgb_linear(coded: Levels) -> Levels:
    return np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4).astype(np.float32)


def power(gamma: float) -> Transfer:
    return lambda coded: coded ** np.float32(gamma)


def primaries_matrix(chromaticities: Chromaticities) -> NDArray[np.float64] | None:
    """From linear RGB of such primaries to sRGB's; None where they are sRGB's own, to three digits.

    Raises:
        ValueError: these are no primaries.
    """
    if np.allclose(chromaticities, SRGB_PRIMARIES, atol=1e-3):
        return None
    try:
        matrix = (
            np.linalg.inv(_to_xyz(SRGB_PRIMARIES)) @ _adaptation(chromaticities[:2], _D65) @ _to_xyz(chromaticities)
        )
    except (np.linalg.LinAlgError, ZeroDivisionError) as error:
        raise ValueError(f"{chromaticities} are no primaries") from error
    if not np.isfinite(matrix).all():
        raise ValueError(f"{chromaticities} are no primaries")
    return matrix


def xyz_d50_matrix(colorants: NDArray[np.float64]) -> NDArray[np.float64]:
    """From linear RGB to sRGB's, by the XYZ (under D50, as in ICC profiles) of red, green and blue in columns."""
    to_srgb = np.linalg.inv(_to_xyz(SRGB_PRIMARIES)) @ _adaptation((0.34567, 0.35850), _D65)
    return to_srgb @ colorants


def _xyz(x: float, y: float) -> NDArray[np.float64]:
    return np.array([x / y, 1.0, (1 - x - y) / y])


def _to_xyz(chromaticities: Chromaticities) -> NDArray[np.float64]:
    x, y = np.array(chromaticities[2::2]), np.array(chromaticities[3::2])
    columns = np.stack([x, y, 1 - x - y])  # XYZ's blue has no y to divide by
    return columns * np.linalg.solve(columns, _xyz(*chromaticities[:2]))


def _adaptation(white: tuple[float, float], to: tuple[float, float]) -> NDArray[np.float64]:
    gains = (_BRADFORD @ _xyz(*to)) / (_BRADFORD @ _xyz(*white))
    return np.linalg.inv(_BRADFORD) @ (gains[:, None] * _BRADFORD)
