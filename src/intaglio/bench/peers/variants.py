"""Variants of a peer, what people do for few bytes: coded smaller, smoothed, or without colour; in any combination.

Down by Lanczos, up by bicubic. Measured on 4 faces and 4 general pictures of 256 x 256, coded by WebP at quality 30 and
enlarged by bicubic | Lanczos: faces at 1/2 28.34 | 28.41 dB, LPIPS .200 | .206; at 1/4 24.81 | 24.92 dB, LPIPS .424 | .425;
general at 1/2 26.25 | 26.26 dB, LPIPS .369 | .380. Lanczos gains under 0.12 dB and loses more to the eye, by its ringing.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np

from intaglio.bench.peers.peer import Peer
from intaglio.measures.measure import Rgb

SCALES = {"": Fraction(1), "*3/4": Fraction(3, 4), "/2": Fraction(1, 2), "*3/8": Fraction(3, 8), "/4": Fraction(1, 4)}
RADIUS = 0.7  # standard deviation in coded pixels: leaves 55 % of a ripple of 4 pixels, 86 % of one of 8
WORDS = ("grey", "smooth")
COARSE = 0.8  # share of the fine scale that a smaller size is measured at


def scaled(peer: Peer, factor: float | Fraction) -> Peer:
    """The peer at `factor` (1/2, 1/4, 3/4, 3/8) of the size: "avif/2"; its settings are spread over COARSE of the fine scale."""
    from PIL import Image

    factor = Fraction(factor)
    suffix = next(name for name, scale in SCALES.items() if scale == factor)

    def encode(picture: Rgb, setting: float) -> bytes:
        height, width = picture.shape[:2]
        size = max(1, int(width * factor)), max(1, int(height * factor))
        return peer.encode(_resize(picture, size, Image.Resampling.LANCZOS), setting)

    def decode(data: bytes, height: int, width: int) -> Rgb:
        small = peer.decode(data, max(1, int(height * factor)), max(1, int(width * factor)))
        return _resize(small, (width, height), Image.Resampling.BICUBIC)

    base, _, rest = peer.name.partition(" ")
    # Fewer pixels take finer settings to come to the same bytes; the finest fifth only buys what enlarging spoils.
    spread = np.linspace(0, COARSE * (len(peer.fine) - 1), min(6, len(peer.fine))).round().astype(int)
    settings = tuple(peer.fine[i] for i in spread) or peer.settings
    return replace(peer, name=f"{base}{suffix} {rest}".strip(), encode=encode, decode=decode, settings=settings)


def smooth(peer: Peer) -> Peer:
    """The peer on pictures smoothed by a Gaussian of RADIUS coded pixels: "avif smooth"."""
    from PIL import Image, ImageFilter

    def encode(picture: Rgb, setting: float) -> bytes:
        kernel = ImageFilter.GaussianBlur(RADIUS)
        planes = [np.asarray(Image.fromarray(plane).filter(kernel)) for plane in np.moveaxis(picture, 2, 0)]
        return peer.encode(np.stack(planes, axis=2), setting)

    return replace(peer, name=f"{peer.name} smooth", encode=encode)


def grey(peer: Peer) -> Peer:
    """The peer on luma alone: "avif grey"; what it decodes has three equal channels."""

    def encode(picture: Rgb, setting: float) -> bytes:
        return peer.encode(_luma(picture), setting)

    def decode(data: bytes, height: int, width: int) -> Rgb:
        return np.repeat(_luma(peer.decode(data, height, width)), 3, axis=2)  # formats without greyscale tint a little

    return replace(peer, name=f"{peer.name} grey", encode=encode, decode=decode)


def variant(peer: Peer, scale: str = "", words: tuple[str, ...] = ()) -> Peer:
    """A base peer with a key of SCALES and some of WORDS; smoothing comes last before the codec, at the coded size."""
    prepared = smooth(peer) if "smooth" in words else peer
    prepared = grey(prepared) if "grey" in words else prepared
    prepared = scaled(prepared, SCALES[scale]) if scale else prepared
    return replace(prepared, name=f"{peer.name}{scale} {' '.join(word for word in WORDS if word in words)}".strip())


def _luma(picture: Rgb) -> Rgb:
    """(H, W, 3 or 1) to (H, W, 1), BT.601 as in JPEG; equal channels keep their value."""
    from PIL import Image

    return picture if picture.shape[2] == 1 else np.asarray(Image.fromarray(picture).convert("L"))[..., None]


def _resize(picture: Rgb, size: tuple[int, int], kernel: int) -> Rgb:
    from PIL import Image

    image = Image.fromarray(picture[..., 0] if picture.shape[2] == 1 else picture)
    return np.asarray(image.resize(size, Image.Resampling(kernel))).reshape(size[1], size[0], -1)
