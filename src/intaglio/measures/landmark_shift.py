"""How far the parts of the face have moved: mean distance of dlib's 68 points (Kazemi and Sullivan 2014) over the
distance of the eyes' centres in the original. Both pictures are searched in the original's box.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from intaglio.measures.dlib_faces import Face, FaceMeasure

EYES = slice(36, 42), slice(42, 48)  # in iBUG's order of 68


def movement(original: NDArray[np.float64], decoded: NDArray[np.float64]) -> float | None:
    """The measure of two sets of points (68, 2); None if the original's eyes coincide."""
    apart = np.linalg.norm(np.subtract(*(original[eye].mean(0) for eye in EYES)))
    return float(np.linalg.norm(original - decoded, axis=1).mean() / apart) if apart else None


class LandmarkShift(FaceMeasure):
    name = "landmarks"
    title = "Landmarks moved (of the eyes' distance)"
    lower = True
    note = ""

    def compare(self, original: Face, decoded: Face) -> float | None:
        """None where no face is found in the original."""
        if (box := original.box) is None:
            return None
        points = self.album.faces.landmarks
        return movement(original.inside(points, box), decoded.inside(points, box))
