"""`intaglio bench faces`: what the face detector finds and misses, where frames put the eyes, and how long it takes.

DIR/faces.csv (columns file, x, y, w, h; a row without a box is a picture without faces)   -> recall, false finds
YuNet's ONNX file and OpenCV                                                               -> agreement of every cell
pictures with one portrait to frame                                                        -> eyes of the framed picture
"""

from __future__ import annotations

import csv
import time
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from intaglio.bench import markdown, picture_set
from intaglio.bench.circumstances import facts
from intaglio.bench.results import Record
from intaglio.errors import PictureError
from intaglio.faces.detector import Face, detect, iou, raw
from intaglio.faces.frames import FRAMES, SEARCHED, frame
from intaglio.faces.points import refine
from intaglio.faces.warp import Array
from intaglio.measures.measure import Rgb
from intaglio.measures.optional import require

SAME = 0.5  # intersection over union from which on a find is the face of the table
WIDE = 32  # pixels of the faces that count
SCORE = 0.6  # of the cells that are compared with OpenCV's
NEAR = 1.5  # pixels that the eyes of a frame may be off


def measure(folder: Path, out: Path, limit: int | None, onnx: Path | None, say: Callable[[str], None]) -> None:
    """Writes OUT/faces.md and says it.

    Raises:
        BenchError: no pictures. Unavailable: OpenCV is missing, and `onnx` asks for it.
    """
    pictures = picture_set.load(folder, None, limit)
    start = time.perf_counter()
    faces = {name: detect(rgb) for name, rgb in pictures.items()}
    seconds = (time.perf_counter() - start) / len(pictures)
    finds: Record = {"pictures": len(pictures), "faces": sum(map(len, faces.values())), "ms a picture": 1000 * seconds}
    table = folder / "faces.csv"
    tables: dict[str, Sequence[Record]] = {"": [finds]}
    if table.is_file():
        tables["Faces of the table"] = [against(boxes(table), faces)]
    if onnx is not None:
        tables["Cells against OpenCV's"] = [agreement(list(pictures.values()), onnx)]
    tables["Eyes of framed portraits"] = [row for name in FRAMES if (row := eyes(pictures.values(), name))["portraits"]]
    text = markdown.document("Faces", facts([]), [], tables)
    out.mkdir(parents=True, exist_ok=True)
    (out / "faces.md").write_text(text)
    say(text)


def boxes(table: Path) -> dict[str, list[Array]]:
    """The boxes (left, top, right, bottom) of each picture in a table, by its name without the ending."""
    rows: dict[str, list[Array]] = defaultdict(list)
    with table.open(newline="") as file:
        for row in csv.DictReader(file):
            boxes = rows[Path(row["file"]).with_suffix("").as_posix()]
            if row["x"]:
                x, y, w, h = (float(row[side]) for side in "xywh")
                boxes.append(np.array([x, y, x + w, y + h]))
    return rows


def against(wanted: Mapping[str, Sequence[Array]], faces: Mapping[str, Sequence[Face]]) -> Record:
    """Recall of the table's faces that are wide enough, and finds that are none of the table's."""
    seen = missed = false = 0
    for name, finds in faces.items():
        strangers = set(range(len(finds)))
        for box in wanted[name]:
            hits = {k for k, face in enumerate(finds) if iou(box, np.array(face.box)) >= SAME}
            strangers -= hits
            if box[2] - box[0] >= WIDE:
                seen, missed = seen + bool(hits), missed + (not hits)
        false += len(strangers)
    return {
        f"faces of {WIDE} px and more": seen + missed,
        "recall": seen / max(1, seen + missed),
        "false finds": false,
        "false finds in 20 pictures": 20 * false / len(faces),
    }


def agreement(pictures: Sequence[Rgb], onnx: Path) -> Record:
    """How near every cell of one run of the network is to OpenCV's."""
    overlaps, distances = (np.concatenate(rows) for rows in zip(*(disagreement(rgb, onnx) for rgb in pictures)))
    return {
        "cells": len(overlaps),
        "least overlap": float(overlaps.min(initial=1)),
        "points off, px, most": float(distances.max(initial=0)),
    }


def disagreement(rgb: Rgb, onnx: Path) -> tuple[Array, Array]:
    """Overlaps of boxes (N,) and largest distances of points (N,), of OpenCV's cells and our nearest, at equal input."""
    cv2 = require("cv2", "opencv-python-headless")
    height, width = rgb.shape[:2]
    # A threshold of 1 suppresses nothing: which of two like cells is kept is no matter of the network.
    theirs = cv2.FaceDetectorYN.create(str(onnx), "", (width, height), SCORE, 1.0, 1 << 20)
    _, cells = theirs.detect(np.ascontiguousarray(rgb[..., ::-1]))
    ours, overlaps, distances = raw(rgb, SCORE - 0.05), [], []
    for cell in () if cells is None else cells:
        off = np.abs(ours[:, 5:] - cell[4:14]).max(1, initial=0)
        near = int(off.argmin())
        overlaps.append(iou(np.concatenate([cell[:2], cell[:2] + cell[2:4]]), ours[near, 1:5]))
        distances.append(off[near])
    return np.array(overlaps), np.array(distances)


def eyes(pictures: Iterable[Rgb], name: str) -> Record:
    """How far eyes of framed portraits, found anew, are from where they should be: of heads that `frame` takes for frontal."""
    wanted, off = FRAMES[name], list[float]()
    width = wanted.size[1]
    places = [[width * (1 + side * wanted.apart) / 2, wanted.top * width] for side in (-1, 1)]
    turned = lost = 0
    for rgb in pictures:
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            try:
                framed = frame(rgb, name)
            except PictureError:
                continue
        if any("turned" in str(warning.message) for warning in said):
            turned += 1
            continue
        if not (finds := detect(framed, SEARCHED)):
            lost += 1
            continue
        face = refine(framed, finds[0])
        off.append(float(np.linalg.norm(face.points[:2] - places, axis=1).max()))
    return {
        "frame": name,
        "portraits": len(off),
        "turned away": turned,
        "no face any more": lost,
        "eyes off, px, median": float(np.median(off)) if off else None,
        "most": max(off, default=None),
        f"within {NEAR} px": float(np.mean(np.array(off) <= NEAR)) if off else None,
    }
