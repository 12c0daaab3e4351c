"""What the peers coded by ffmpeg (imageio-ffmpeg) share: RGB in, a bare stream out, and back, through pipes.

Colours are BT.709 in the limited range, 4:2:0 by Lanczos with full accuracy; sides are padded by edge values.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from intaglio.measures.measure import Rgb
from intaglio.measures.optional import Unavailable, require

SCALER = "flags=accurate_rnd+full_chroma_int+lanczos"
Side = Callable[[int], int]
"""A side of a picture to the side that the encoder takes."""


def _library() -> Any:
    return require("imageio_ffmpeg", "imageio-ffmpeg")


def _run(arguments: Sequence[str], data: bytes) -> bytes:
    command = [_library().get_ffmpeg_exe(), "-v", "error", *arguments]
    process = subprocess.run(command, input=data, capture_output=True, check=False)
    if process.returncode:
        raise RuntimeError(f"ffmpeg failed: {process.stderr.decode(errors='replace').strip()[-500:]}")
    return process.stdout


def encode(picture: Rgb, options: Sequence[str], container: str, side: Side, pixels: str = "yuv420p10le") -> bytes:
    """The stream of a picture (H, W, 3), or (H, W, 1) with equal channels, its sides padded."""
    height, width, channels = picture.shape
    padded = np.pad(picture, ((0, side(height) - height), (0, side(width) - width), (0, 0)), mode="edge")
    raw = np.repeat(padded, 3, axis=2) if channels == 1 else padded
    source = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{raw.shape[1]}x{raw.shape[0]}", "-i", "-"]
    scale = ["-vf", f"scale=out_color_matrix=bt709:out_range=tv:{SCALER}", "-pix_fmt", pixels]
    return _run([*source, *scale, *options, "-threads", "1", "-f", container, "-"], raw.tobytes())


def decode(data: bytes, container: str, side: Side, height: int, width: int) -> Rgb:
    """The picture (height, width, 3) of a stream of `encode`."""
    scale = f"scale=in_color_matrix=bt709:in_range=tv:{SCALER}"
    raw = _run(["-f", container, "-i", "-", "-vf", scale, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"], data)
    return np.frombuffer(raw, np.uint8).reshape(side(height), side(width), 3)[:height, :width].copy()


def version(encoder: str) -> str:
    """Which ffmpeg; Unavailable where there is none, or one without the encoder."""
    number = _library().get_ffmpeg_version()
    if f" {encoder} " not in _run(["-encoders"], b"").decode(errors="replace"):
        raise Unavailable(f"This ffmpeg lacks {encoder}; pip install --upgrade imageio-ffmpeg brings one that has it.")
    return f"ffmpeg {number}, {encoder}"
