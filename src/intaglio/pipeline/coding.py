"""What is asked of an encoder, and what it gives: the part of a file that is not its header's business."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

USEFUL = 60
"""Quality past which AVIF comes nearer to a picture, in PSNR and LPIPS, in as many bytes (docs/decisions/0022)."""


def index_of(quality: float) -> int:
    """The quality index 0..255 of a quality 1..100."""
    return round((quality - 1) / 99 * 255)


def plenty(index: int) -> str | None:
    """What a user should know of a picture coded at an index, or is about to be, if it is past what is useful."""
    if index <= index_of(USEFUL):
        return None
    return (
        f"past quality {USEFUL} bytes buy little here (this is {1 + index * 99 / 255:.0f}): "
        "AVIF or JPEG XL come nearer to a picture in as many"
    )


@dataclass(frozen=True)
class Goal:
    """How a picture is to be coded."""

    index: int  # quality 0..255; where there is a budget, that decides
    budget: Callable[[int], int] | None = None  # bytes of payload at most, at a coded scale
    effort: int = 0  # 0..9
    focus: bool = False  # y is coded still finer where a face is
    finest: int = 0  # the largest coded scale that may be chosen, where there is a budget


@dataclass(frozen=True)
class Coding:
    """A coded picture: what goes into header and payload."""

    payload: bytes
    index: int  # quality 0..255
    scale: int  # coded at 1 / 2**scale
    focus: bool = False
