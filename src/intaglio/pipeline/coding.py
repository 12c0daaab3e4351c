"""What is asked of an encoder, and what it gives: the part of a file that is not its header's business."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


def index_of(quality: float) -> int:
    """The quality index 0..255 of a quality 1..100."""
    return round((quality - 1) / 99 * 255)


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
