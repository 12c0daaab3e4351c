"""Where faces are: YuNet on a pyramid of the picture, and a second look at each find from near.

    picture -> shrunk so that the smallest wanted face is about 20 pixels wide -> YuNet -> boxes, points, scores --+
            -> again at a quarter of that, as often as larger faces fit in ----> YuNet --------------------------- --+-> NMS
    each that is left -> cut out, the face 64 pixels high -> YuNet -> finer box and points; the mean of both scores counts

The second look leaves out most dishes, hands and dogs that pass for faces at the first, and it makes points of large and
small faces equally exact. Coordinates are pixels of the picture with edges from 0: the middle of the first is (0.5, 0.5).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from intaglio.faces import warp
from intaglio.faces.warp import Array, Rgb
from intaglio.faces.yunet_levels import MODEL, OUTPUTS, STRIDES
from intaglio.networks.onnx_session import Session, installed
from intaglio.weights import tensors

FILE = tensors.FOLDER / "face_detector.safetensors"
GRAPH = Path(__file__).parent / "face_detector.onnx"
SEEN = 20  # pixels of the smallest wanted face as the network sees it; YuNet was trained with 10 and more
LARGEST = 320  # and of the largest that it sees well
STEP = 4  # of the pyramid
LONGEST = 1280  # pixels a side that the network is shown: bounds time and memory
CANDIDATE = 0.5  # score from which on a find gets a second look
SURE = 0.7  # mean of both scores from which on it counts as a face
NEAR = 64  # pixels of the larger side of a face at the second look, the middle of a crop twice as large
SAME = 0.4  # intersection over union from which on the second look shows the same face
OVERLAP = 0.3  # intersection over union from which on two finds are one face
FIND = 15
"""Numbers a find: score, box (4), points (5 x 2)."""
TINY = 1e-9


@dataclass(frozen=True, eq=False)
class Face:
    """One face in a picture.

    Args:
        box: left, top, right, bottom of the face from brow to chin; may reach over the picture's border.
        points: (5, 2), x and y: the eye on the picture's left, that on its right, tip of the nose, corner of the mouth
            on the left, on the right.
        score: 0 to 1, how sure.
    """

    box: tuple[float, float, float, float]
    points: Array
    score: float

    @property
    def width(self) -> float:
        return self.box[2] - self.box[0]

    @property
    def area(self) -> float:
        return self.width * (self.box[3] - self.box[1])


def detect(rgb: Rgb, smallest: int = 32) -> list[Face]:
    """The faces of a picture (H, W, 3), the largest first.

    Args:
        smallest: width in pixels from which on faces are looked for. In pictures whose longer side is over 64 times
            that, faces of a 64th of it and more are.
    """
    finds = np.concatenate([_look(rgb, scale) for scale in scales(rgb.shape[0], rgb.shape[1], smallest)])
    second = [_look_again(rgb, find) for find in suppress(finds, OVERLAP)]
    finds = suppress(np.array([find for find in second if find is not None]).reshape(-1, FIND), OVERLAP)
    faces = [Face((f[1], f[2], f[3], f[4]), np.reshape(f[5:], (5, 2)), f[0]) for f in finds.tolist()]
    return sorted((face for face in faces if face.width >= smallest), key=lambda face: -face.area)


def scales(height: int, width: int, smallest: int) -> list[float]:
    """What the picture is shrunk by, finest first."""
    scale = min(1.0, SEEN / smallest, LONGEST / max(height, width))
    pyramid = [scale]
    while min(height, width) * scale > LARGEST:
        scale /= STEP
        pyramid.append(scale)
    return pyramid


def _look(rgb: Rgb, scale: float) -> Array:
    """Finds (N, 15) at one scale, in pixels of the picture: score, box, points."""
    height, width = rgb.shape[:2]
    size = max(1, round(width * scale)), max(1, round(height * scale))
    seen = rgb
    if size != (width, height):
        seen = np.asarray(Image.fromarray(rgb).resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0))
    finds = raw(seen, CANDIDATE)
    finds[:, 1:] *= np.tile([width / size[0], height / size[1]], 7)
    return finds


def _look_again(rgb: Rgb, find: Array) -> Array | None:
    """The find (15,) as seen from near, its score the mean of both; None where that is too little."""
    middle, side = (find[1:3] + find[3:5]) / 2, float(max(find[3:5] - find[1:3]))
    step, size = side / NEAR, (2 * NEAR, 2 * NEAR)
    finds = raw(warp.affine(rgb, warp.similarity((middle[0], middle[1]), step, 0.0, size), size), 2 * SURE - find[0])
    finds[:, 1:] = finds[:, 1:] * step + np.tile(middle - side, 7)
    same = [other for other in finds if iou(other[1:5], find[1:5]) >= SAME]
    if not same:
        return None
    near = max(same, key=lambda other: float(other[0]))
    near[0] = (near[0] + find[0]) / 2
    return near


def raw(rgb: Rgb, least: float) -> Array:
    """All cells of one run of the network over a picture as it is, of a score of `least` and more: (N, 15)."""
    height, width = rgb.shape[:2]
    x = np.zeros((1, 3, height + -height % STRIDES[-1], width + -width % STRIDES[-1]), np.float32)
    x[0, :, :height, :width] = rgb.transpose(2, 0, 1)
    outputs = (y[0].transpose(1, 2, 0).astype(np.float64) for y in _network()(x))
    return np.concatenate([_cells(y, stride, least) for y, stride in zip(outputs, STRIDES)])


def _cells(y: Array, stride: int, least: float) -> Array:
    """Outputs (h, w, 16) of one level to finds (N, 15) in pixels of its input."""
    score = np.sqrt(_sigmoid(y[..., 0]) * _sigmoid(y[..., 1]))
    rows, columns = np.nonzero(score >= least)
    cells, corner = y[rows, columns], np.stack([columns, rows], 1)
    middle = (cells[:, 2:4] + corner) * stride
    half = np.exp(cells[:, 4:6]) * stride / 2
    points = (cells[:, 6:OUTPUTS].reshape(-1, 5, 2) + corner[:, None]) * stride
    return np.concatenate([score[rows, columns, None], middle - half, middle + half, points.reshape(-1, 10)], 1)


def _sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def suppress(finds: Array, overlap: float) -> Array:
    """Non-maximum suppression of finds (N, 15): the surest of each heap of boxes."""
    kept: list[Array] = []
    for find in finds[np.argsort(-finds[:, 0], kind="stable")]:
        if all(iou(find[1:5], other[1:5]) <= overlap for other in kept):
            kept.append(find)
    return np.array(kept).reshape(-1, FIND)


def iou(a: Array, b: Array) -> float:
    """Intersection over union of two boxes (left, top, right, bottom)."""
    sides = np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])
    common = math.prod(np.maximum(sides, 0))
    return common / max(math.prod(a[2:] - a[:2]) + math.prod(b[2:] - b[:2]) - common, TINY)


@functools.cache
def _network() -> Callable[[NDArray[np.float32]], Sequence[NDArray[np.float32]]]:
    """YuNet by ONNX Runtime, or by torch where that is not installed."""
    file = tensors.read(FILE, MODEL)
    if installed():
        session = Session(GRAPH, {name: array.astype(np.float32) for name, array in file.arrays.items()})
        return lambda x: session(x=x)
    import torch

    from intaglio.faces.yunet import YuNet
    from intaglio.networks.layout import frozen

    with torch.device("meta"):
        net = YuNet()
    net = frozen(tensors.fill(net, file))

    @torch.inference_mode()
    def run(x: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        return [y.numpy() for y in net(torch.from_numpy(x).contiguous(memory_format=torch.channels_last))]

    return run
