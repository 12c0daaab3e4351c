"""Print and camera, simulated: how a symbol comes onto a card, and from there into a photograph. No figures of a real device.

A print: modules at 300 dpi, edges on the printer's own grid, JPEG 90 of the print file, ink that spreads, grey of ink and paper.
A photograph: the plane of the card turned and tilted before a pinhole, defocus, motion, light that falls off, noise, JPEG 80.
"""

from __future__ import annotations

import io
import math
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from intaglio.barcode.symbols import Modules

DPI, INCH, FINE = 300, 25.4, 4  # of the printer; mm; parts of its dot that ink is reckoned in
SPREAD = 0.02  # mm, of ink: standard deviation
AROUND = 6  # modules of card around a symbol's quiet zone that are in the picture
DISTANCE = 3.0  # of the pinhole, in widths of what is photographed
Plane = NDArray[np.float64]


@dataclass(frozen=True)
class Shot:
    """One photograph.

    Args:
        pixels: of a module, where the card is at its mean distance.
        tilt, turn: of the card, in degrees, away from the camera and in its own plane; axis: that it is tilted about.
        defocus: standard deviation in pixels. motion: pixels in which a point moves; heading: whereto.
        falloff: of light across the picture, 0 to 1; noise: standard deviation in levels of 255.
    """

    pixels: float
    tilt: float
    turn: float
    axis: float
    defocus: float
    motion: float
    heading: float
    falloff: float
    noise: float

    @classmethod
    def draw(cls, pixels: float, tilt: float, blur: float, rng: np.random.Generator) -> Shot:
        """At most so tilted, in degrees, and blurred: by `blur` pixels of defocus, and motion of three times as many."""
        whole = 2 * math.pi
        return cls(
            pixels, tilt * rng.random(), 360 * rng.random(), whole * rng.random(), blur * rng.uniform(0.3, 1),
            3 * blur * rng.random(), whole * rng.random(), 0.6 * rng.random(), rng.uniform(1, 8),
        )  # fmt: skip

    def factors(self) -> dict[str, float]:
        """What may make it unreadable, by name."""
        return {name: asdict(self)[name] for name in ("tilt", "defocus", "motion", "falloff", "noise")}


def printed(modules: Modules, quiet: int, module_mm: float, rng: np.random.Generator) -> Plane:
    """Reflectance (H, W), 0 to 1, of a print at 1,200 dots an inch."""
    framed = np.pad(modules, quiet + AROUND)
    height, width = (round(side * module_mm / INCH * DPI) for side in framed.shape)
    rows, columns = (np.arange(n) * side // n for n, side in ((height, framed.shape[0]), (width, framed.shape[1])))
    file = io.BytesIO()
    Image.fromarray(np.where(framed[np.ix_(rows, columns)], 0, 255).astype(np.uint8)).save(file, "JPEG", quality=90)
    with Image.open(file) as page:
        dots = page.resize((width * FINE, height * FINE), Image.Resampling.NEAREST)
        ink = np.asarray(dots.filter(ImageFilter.GaussianBlur(SPREAD / INCH * DPI * FINE))) / 255.0
    gain = rng.uniform(0.4, 0.7)  # below it is ink: half is a true edge, more is a gain
    covered = np.clip((gain - ink) / 0.1 + 0.5, 0, 1)
    paper, black = rng.uniform(0.8, 0.95), rng.uniform(0.05, 0.2)
    return np.asarray(paper + (black - paper) * covered)


def photograph(card: Plane, module_mm: float, shot: Shot, rng: np.random.Generator) -> Image.Image:
    """A grey JPEG of a print."""
    over = 2 if shot.pixels < 8 else 1  # reckoned in smaller pixels, where modules have few
    scale = shot.pixels * over * INCH / (module_mm * DPI * FINE)
    reduced = Image.fromarray((card * 255).astype(np.uint8)).resize(
        (round(card.shape[1] * scale), round(card.shape[0] * scale)), Image.Resampling.BOX
    )
    seen = _projected(reduced, shot)
    if over > 1:
        seen = seen.reduce(over)
    light = np.asarray(_moved(seen, shot).filter(ImageFilter.GaussianBlur(shot.defocus)), dtype=np.float64)
    height, width = light.shape
    share = math.cos(shot.heading) ** 2
    across = share * np.linspace(0, 1, width) + (1 - share) * np.linspace(0, 1, height)[:, None]
    light = light * (1 - shot.falloff * across) * 0.9 + rng.normal(0, shot.noise, light.shape)
    file = io.BytesIO()
    Image.fromarray(np.clip(np.rint(light), 0, 255).astype(np.uint8)).save(file, "JPEG", quality=80)
    return Image.open(file)


def _projected(card: Image.Image, shot: Shot) -> Image.Image:
    """The plane as a pinhole sees it, on grey."""
    width, height = card.size
    corners = np.array([[-width, -height], [width, -height], [width, height], [-width, height]]) / 2
    turn, tilt = math.radians(shot.turn), math.radians(shot.tilt)
    spun = corners @ np.array([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]])
    axis = np.array([math.cos(shot.axis), math.sin(shot.axis)])
    along = spun @ axis
    aside = spun - along[:, None] * axis
    normal = np.array([-axis[1], axis[0]])
    off = aside @ normal
    far = DISTANCE * max(card.size)
    depth = (far + off * math.sin(tilt)) / far
    flat = (along[:, None] * axis + (off * math.cos(tilt))[:, None] * normal) / depth[:, None]
    low = np.floor(flat.min(0))
    wide, high = (int(side) for side in np.ceil(flat.max(0) - low) + 1)
    return card.transform(
        (wide, high),
        Image.Transform.PERSPECTIVE,
        _homography(flat - low, corners - corners[0]),
        Image.Resampling.BICUBIC,
        fillcolor=90,
    )


def _homography(seen: Plane, plane: Plane) -> list[float]:
    """The eight numbers by which Pillow finds a point of the plane for one that is seen, of four points each."""
    rows, wanted = [], []
    for (x, y), (u, v) in zip(seen, plane):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        wanted += [u, v]
    return [float(number) for number in np.linalg.solve(np.array(rows), np.array(wanted))]


def _moved(image: Image.Image, shot: Shot) -> Image.Image:
    """The mean over a straight path."""
    steps = max(1, math.ceil(shot.motion))
    total = np.zeros((image.height, image.width))
    for step in range(steps):
        way = shot.motion * ((step + 0.5) / steps - 0.5)
        shift = (1, 0, way * math.cos(shot.heading), 0, 1, way * math.sin(shot.heading))
        total += np.asarray(
            image.transform(image.size, Image.Transform.AFFINE, shift, Image.Resampling.BILINEAR, fillcolor=90)
        )
    return Image.fromarray(np.rint(total / steps).astype(np.uint8))
