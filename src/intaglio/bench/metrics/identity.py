"""Whether it is still the same person: the distance of dlib's face descriptors (King 2017), below 0.6 if so.

Both pictures are described in the original's box: what is measured is the decoded picture, not the detector.
"""

from __future__ import annotations

import numpy as np

from intaglio.bench.metrics.faces import Album, Face
from intaglio.bench.metrics.metric import Rgb

SAME = 0.6  # dlib's own threshold


class Identity:
    name = "identity"
    title = "Identity (dlib distance)"
    lower = True
    note = "below 0.6 is the same person"

    def __init__(self, album: Album) -> None:
        self.album = album

    def describe(self, rgb: Rgb) -> Face:
        return self.album.describe(rgb)

    def compare(self, original: Face, decoded: Face) -> float | None:
        """None where no face is found in the original."""
        if (box := original.box) is None:
            return None
        descriptor = self.album.faces.descriptor
        return float(np.linalg.norm(original.inside(descriptor, box) - decoded.inside(descriptor, box)))
