"""What can be asked of coding and of drawing: frozen objects that are checked once, when they are made, and passed whole.

Every function that takes options takes them as an object or as keywords of the same names.
"""

from __future__ import annotations

import dataclasses
import math
import operator
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self, TypedDict, TypeVar, get_args

from intaglio.errors import OptionError
from intaglio.format import MAX_BYTES, MAX_PIXELS
from intaglio.format.fields import MAX_SIDE

Number = TypeVar("Number", int, float)
Focus = Literal["auto", "face", "off"]
FOCUS = get_args(Focus)
Frame = Literal["token", "square", "passport"]
FRAMES = get_args(Frame)
"""Of `faces.frames`."""
Box = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels, as Pillow has them."""

WHITE = "white"
STEPS = (1, 2, 4)
"""How many steps the diffusion may take."""


class CompressKeywords(TypedDict, total=False):
    """The fields of `CompressOptions` as keywords."""

    quality: float
    max_bytes: int | None
    effort: int
    focus: Focus
    bare: bool
    page: int | None
    background: str
    max_side: int | None
    frame: Frame | None


class DecompressKeywords(TypedDict, total=False):
    """The fields of `DecompressOptions` as keywords."""

    steps: int
    realism: float
    seed: int
    box: Box | None
    bare: bool
    length: int | None
    salvage: bool
    max_pixels: int
    max_bytes: int
    max_seconds: float | None


@dataclass(frozen=True)
class _Options:
    """What both have in common."""

    @classmethod
    def of(cls, options: Self | None, keywords: Mapping[str, Any]) -> Self:
        """The options, or else what the keywords say.

        Raises:
            OptionError: both are given, there is no such option, or one is out of its range.
        """
        names = [field.name for field in dataclasses.fields(cls)]
        if options is not None and not isinstance(options, cls):
            raise OptionError(f"options is {options!r}, wanted is a {cls.__name__} or keywords")
        if options is not None and keywords:
            raise OptionError(f"{next(iter(keywords))} is given beside options: put it into the {cls.__name__}")
        if unknown := next((name for name in keywords if name not in names), None):
            raise OptionError(f"there is no option {unknown!r}: known are {', '.join(names)}")
        return cls(**keywords) if options is None else options


@dataclass(frozen=True)
class CompressOptions(_Options):
    """How a picture is coded.

    Args:
        quality: 1 to 100, fractions allowed. Past 60 bytes buy little, and AVIF or JPEG XL come nearer in as many.
        max_bytes: in its place, the size of the whole file is at most this.
        effort: 0 to 9, how long to refine the file on the picture, by what will be drawn of it and who is seen there.
        focus: "auto" codes faces apart, by FaSDiff, where they are small in their picture and bytes suffice; "off" does not.
            "face" spends more on them still, and fewer bytes around: easier to recognise, plainer otherwise. That is
            FaSDiff's, so `auto` codes by it alone.
        bare: without magic and long checksum, for barcodes and fixed slots.
        page: from 1, of an animation or a file of several pictures; None is the first, with a warning if there are more.
        background: the colour that transparent parts are laid on, by name or as #rrggbb.
        max_side: a picture whose longer side has more pixels is shrunk to it first.
        frame: the picture is cut to its face first, as a standard wants portraits (see `faces.frames`).

    Raises:
        OptionError: one of them is out of its range or of the wrong type.
    """

    quality: float = 50.0
    max_bytes: int | None = None
    effort: int = 0
    focus: Focus = "auto"
    bare: bool = False
    page: int | None = None
    background: str = WHITE
    max_side: int | None = None
    frame: Frame | None = None

    def __post_init__(self) -> None:
        number("quality", self.quality, 1, 100)
        if self.max_bytes is not None:
            whole("max_bytes", self.max_bytes, 1)
        whole("effort", self.effort, 0, 9)
        if self.focus not in FOCUS:
            raise OptionError(f"focus is {self.focus!r}, allowed are {', '.join(FOCUS)}")
        truth("bare", self.bare)
        if self.page is not None:
            whole("page", self.page, 1)
        if self.background != WHITE:
            from intaglio.image.transparency import background  # Pillow's list of colours, which a start does not need

            background(self.background)
        if self.max_side is not None:
            whole("max_side", self.max_side, 1, MAX_SIDE)
        if self.frame not in (None, *FRAMES):
            raise OptionError(f"frame is {self.frame!r}, allowed are {', '.join(FRAMES)}")


@dataclass(frozen=True)
class DecompressOptions(_Options):
    """How a file is drawn.

    Args:
        steps: 1, 2 or 4 of the diffusion.
        realism: 0 (the base picture, highest PSNR) to 1 (all that the diffusion adds).
        seed: of its noise, 0 to 2**64 - 1; with one step there is no noise.
        box: left, top, right, bottom in pixels: this part alone is drawn, as it is in the whole.
        bare: the bytes are of the bare profile.
        length: only so many bytes are the file, the rest pads a slot.
        salvage: a file that was cut, or is damaged, is drawn from what is still there, with a warning.
        max_pixels: the largest declared size that is accepted.
        max_bytes: the longest file that is accepted.
        max_seconds: drawing is given up after so long, looked at between pieces of the work.

    Raises:
        OptionError: one of them is out of its range or of the wrong type.
    """

    steps: int = 4
    realism: float = 1.0
    seed: int = 0
    box: Box | None = None
    bare: bool = False
    length: int | None = None
    salvage: bool = False
    max_pixels: int = MAX_PIXELS
    max_bytes: int = MAX_BYTES
    max_seconds: float | None = None

    def __post_init__(self) -> None:
        whole("steps", self.steps, 1)
        if self.steps not in STEPS:
            raise OptionError(f"steps is {self.steps}, allowed are 1, 2 and 4")
        number("realism", self.realism, 0, 1)
        whole("seed", self.seed, 0, (1 << 64) - 1)
        truth("bare", self.bare)
        if self.length is not None:
            whole("length", self.length, 0)
        truth("salvage", self.salvage)
        whole("max_pixels", self.max_pixels, 1)
        whole("max_bytes", self.max_bytes, 1)
        if self.max_seconds is not None:
            number("max_seconds", self.max_seconds, 0, math.inf)
        if self.box is not None:
            self._check_box(self.box)

    @staticmethod
    def _check_box(box: object) -> None:
        if not isinstance(box, (tuple, list)) or len(box) != 4:
            raise OptionError(f"box is {box!r}, wanted are four whole numbers: left, top, right, bottom")
        left, top, right, bottom = (whole("box", side) for side in box)
        if not (0 <= left < right and 0 <= top < bottom):
            raise OptionError(f"box {tuple(box)} is empty: right must be over left, bottom over top, none below 0")


def whole(name: str, value: Any, low: float = -math.inf, high: float = math.inf) -> int:
    """A whole number of a range, its ends included."""
    try:
        if isinstance(value, bool):
            raise TypeError
        integer = operator.index(value)
    except TypeError:
        raise OptionError(f"{name} is {value!r}, wanted is a whole number") from None
    return _within(name, integer, low, high)


def number(name: str, value: Any, low: float, high: float) -> float:
    """A number of a range, its ends included."""
    try:
        if isinstance(value, (bool, str)):
            raise TypeError
        real = float(value)
    except (TypeError, ValueError):
        raise OptionError(f"{name} is {value!r}, wanted is a number from {low} to {high}") from None
    return _within(name, real, low, high)


def truth(name: str, value: object) -> None:
    """True or False."""
    if not isinstance(value, bool):
        raise OptionError(f"{name} is {value!r}, wanted is True or False")


def _within(name: str, value: Number, low: float, high: float) -> Number:
    if low <= value <= high:
        return value
    limits = f"{low} to {high}" if high < math.inf else f"{low} or more"
    raise OptionError(f"{name} is {value}, allowed are {limits}")
