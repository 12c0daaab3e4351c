"""Whether it is still the same person: the distance of dlib's face descriptors (King 2017), below 0.6 if so.

Both pictures are described in the original's box: what is measured is the decoded picture, not the detector.
"""

from __future__ import annotations

import numpy as np

from intaglio.measures.dlib_faces import Face, FaceMeasure

SAME = 0.6  # dlib's own threshold


class IdentityDistance(FaceMeasure):
    name = "identity"
    title = "Identity (dlib distance)"
    lower = True
    note = "below 0.6 is the same person"

    def compare(self, original: Face, decoded: Face) -> float | None:
        """None where no face is found in the original."""
        if (box := original.box) is None:
            return None
        descriptor = self.album.faces.descriptor
        return float(np.linalg.norm(original.inside(descriptor, box) - decoded.inside(descriptor, box)))
