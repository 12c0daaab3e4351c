"""Five points of a face more exactly than one look gives them: the mean of eight, turned upright, half of them mirrored.

YuNet's points scatter by some 4 % of the distance of the eyes as the picture moves under its cells. A look here is the mean
of all cells that see the face, and looks differ by parts of a cell, in size and in angle. Two of them come first, to say
where the eight are to look, so that these depend little on what was given.
"""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from intaglio.faces import warp
from intaglio.faces.detector import Face, iou, raw
from intaglio.faces.warp import Array, Rgb

SIDE = 192  # pixels of a look, twice those of the face
HEIGHT = 2.8  # of a face as YuNet boxes it, in distances of its eyes or of eyes and mouth
LEAST = 0.3  # score of a cell that counts
MIRRORED = [1, 0, 2, 4, 3]
"""The points in the order in which a mirrored face has them."""
# Shift (x, y) over the face's size, size and angle (radians) of the looks; each is taken as it is and mirrored.
LOOKS = ((0.04, 0.02, 0.94, 0.04), (-0.02, 0.04, 1.06, -0.04), (-0.04, -0.02, 0.98, 0.08), (0.02, -0.04, 1.02, -0.08))
ROUNDS = LOOKS[:1], LOOKS


def refine(rgb: Rgb, face: Face) -> Face:
    """The face with its points as the mean of eight looks; as it is where none shows it."""
    for round_ in ROUNDS:
        looks = [_look(rgb, face.points, look, mirror) for look in round_ for mirror in (False, True)]
        seen = [points for points in looks if points is not None]
        face = dataclasses.replace(face, points=np.mean(seen, 0)) if seen else face
    return face


def _look(rgb: Rgb, points: Array, look: tuple[float, float, float, float], mirror: bool) -> Array | None:
    """Points (5, 2) in the picture, or None."""
    x, y, size, angle = look
    eyes, mouth, across = points[:2].mean(0), points[3:].mean(0), points[1] - points[0]
    middle = (eyes + mouth) / 2
    side = HEIGHT * max(math.hypot(*across), math.hypot(*(mouth - eyes)), 1.0)
    matrix = warp.similarity(
        (middle[0] + x * side, middle[1] + y * side),
        size * 2 * side / SIDE,
        math.atan2(across[1], across[0]) + angle,
        (SIDE, SIDE),
    )
    seen = warp.glance(rgb, matrix, (SIDE, SIDE))
    finds = raw(seen[:, ::-1] if mirror else seen, LEAST)
    if not len(finds):
        return None
    best = finds[finds[:, 0].argmax()]
    cells = np.array([find for find in finds if iou(find[1:5], best[1:5]) > 0.5])
    seen_at = np.average(cells[:, 5:], axis=0, weights=cells[:, 0] ** 2).reshape(5, 2)
    if mirror:
        seen_at = np.stack([SIDE - seen_at[:, 0], seen_at[:, 1]], 1)[MIRRORED]
    place: Array = seen_at @ matrix[:, :2].T + matrix[:, 2]
    return place
