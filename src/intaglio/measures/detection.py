"""Whether a face is still found where the original's is: its mean is the share of faces that survive."""

from __future__ import annotations

from intaglio.measures.dlib_faces import Face, FaceMeasure

OVERLAP = 0.4  # of the boxes, intersection over union: a face beside it is another one


class Detection(FaceMeasure):
    name = "detected"
    title = "Face found (dlib)"
    lower = False
    note = ""

    def compare(self, original: Face, decoded: Face) -> float | None:
        """1.0 or 0.0; None where no face is found in the original."""
        if (box := original.box) is None:
            return None
        return float(any(box.overlap(other) >= OVERLAP for other in decoded.boxes))
