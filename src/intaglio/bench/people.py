"""`intaglio bench people`: what coding leaves of faces that do not fill their picture, with and without patches.

DIR holds pictures, and a faces.csv (file, x, y, w, h) of the faces in them. Every picture goes through Intaglio's `auto` at
each rate, with faces coded apart where that pays and without; and through peers, at full and at half size, whichever is nearer
by LPIPS-Alex, their payload counted. Who a face is is asked where it was in the original.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from intaglio.atomic import write
from intaglio.bench import markdown, peers, picture_set
from intaglio.bench.circumstances import facts
from intaglio.bench.face_finding import boxes
from intaglio.bench.fitting import Trials, finest
from intaglio.bench.peers.peer import Peer
from intaglio.bench.peers.variants import variant
from intaglio.bench.results import BenchError, Record
from intaglio.codecs import CODECS
from intaglio.measures.dlib_faces import Box, Faces
from intaglio.measures.interval import bootstrap, mean
from intaglio.measures.lpips_alex import LpipsAlex
from intaglio.measures.measure import Rgb
from intaglio.options import Focus

Boxes: TypeAlias = Sequence[NDArray[np.float64]]
WIDE = 40  # pixels of a face that is asked for
SAME = 0.3  # intersection over union from which on a find is the face that was there
SCALES = ("", "/2")
MINE: dict[str, Focus] = {"with patches": "auto", "without": "off"}


def measure(
    folder: Path,
    out: Path,
    rates: Sequence[float],
    names: Sequence[str],
    first: int | None,
    features: Path | None,
    say: Callable[[str], None],
) -> None:
    """Writes OUT/people.md and says it; every decoded picture is in OUT too, with what was measured of it.

    Stopped at any moment, it goes on from what is there. `rates`: bits a pixel.

    Raises:
        BenchError: no faces.csv. Unavailable: dlib is not installed.
    """
    from rich.progress import track

    if not (folder / "faces.csv").exists():
        raise BenchError(f"there is no faces.csv in {folder} (columns file, x, y, w, h)")
    wanted, pictures = boxes(folder / "faces.csv"), picture_set.load(folder, None, first)
    others, missing = peers.available(names)
    table: list[Record] = []
    codecs: list[str | Peer] = [*MINE, *others]
    for rate in rates:
        for codec in codecs:
            name = f"auto {codec}" if isinstance(codec, str) else codec.name
            where, rows = out / f"{rate:g}" / name, list[Record]()
            where.mkdir(parents=True, exist_ok=True)
            for picture, rgb in track(pictures.items(), f"{name} @ {rate:g}"):
                limit = int(rate * rgb.shape[0] * rgb.shape[1] / 8)
                rows.append(_row(where / picture, codec, rgb, limit, wanted[picture], features))
            fitting = [row for row in rows if row["bytes"] is not None]
            table.append({"bits a pixel": rate, "codec": name} | _means(fitting, len(pictures)))
    title = f"Faces in their surroundings: {folder.resolve().name}, {len(pictures)} pictures"
    text = markdown.document(title, facts(list(CODECS)), missing.values(), {"": table})
    out.mkdir(parents=True, exist_ok=True)
    (out / "people.md").write_text(text)
    say(text)


def _row(kept: Path, codec: str | Peer, rgb: Rgb, limit: int, faces: Boxes, features: Path | None) -> Record:
    """What is measured of a picture, from the file of an earlier run if there is one; its `bytes` are None where none fits."""
    file = Path(f"{kept}.json")
    if file.exists():
        row: Record = json.loads(file.read_text())
        return row
    size, decoded = _coded(codec, rgb, limit, features)
    row = {"bytes": None}
    if decoded is not None:
        Image.fromarray(decoded).save(f"{kept}.png")
        row = _judged(rgb, decoded, faces, features) | {"bytes": size}
    write(file, json.dumps(row).encode())
    return row


def _coded(name: str | Peer, rgb: Rgb, limit: int, features: Path | None) -> tuple[int, Rgb | None]:
    """Bytes and the decoded picture; of a peer at its better size, None where it does not fit."""
    import intaglio

    if isinstance(name, str):
        data = intaglio.compress(Image.fromarray(rgb), max_bytes=limit, focus=MINE[name])
        return len(data), np.array(intaglio.decompress(data).convert("RGB"))
    trials, fits = Trials(rgb), list[tuple[float, int, Rgb]]()
    for scale in SCALES:
        peer = variant(name, scale)
        setting = finest(peer, limit, trials, "payload")
        if setting is not None:
            decoded = trials.picture(peer, setting)
            fits.append((_look(rgb, decoded, features), trials.payload(peer, setting), decoded))
    return min(fits, key=lambda fit: fit[0])[1:] if fits else (0, None)


@cache
def _lpips(features: Path | None) -> LpipsAlex:
    return LpipsAlex(features)


def _look(a: Rgb, b: Rgb, features: Path | None) -> float:
    lpips = _lpips(features)
    distance = lpips.compare(lpips.describe(a), lpips.describe(b))
    return float("nan") if distance is None else distance


@cache
def _judge() -> Faces:
    return Faces()


def _judged(rgb: Rgb, decoded: Rgb, faces: Boxes, features: Path | None) -> Record:
    from intaglio.faces.detector import detect, iou

    judge = _judge()
    finds = [np.array(face.box) for face in detect(decoded)]
    far, seen = list[float](), list[bool]()
    for box in (box for box in faces if box[2] - box[0] >= WIDE):
        place = Box(*(round(side) for side in box))
        far.append(float(np.linalg.norm(judge.descriptor(rgb, place) - judge.descriptor(decoded, place))))
        seen.append(any(iou(box, find) >= SAME for find in finds))
    return {"look": _look(rgb, decoded, features), "far": far, "seen": seen}


def _means(rows: Sequence[Record], count: int) -> Record:
    far = [value for row in rows for value in row["far"]]
    seen = [value for row in rows for value in row["seen"]]
    figure = bootstrap(mean, np.array(far)) if far else None
    return {
        "pictures": f"{len(rows)}/{count}",
        "bytes": round(float(np.mean([row["bytes"] for row in rows]))) if rows else None,
        "dlib distance": f"{figure.value:.3f} [{figure.low:.3f}…{figure.high:.3f}]" if figure else None,
        "faces found": float(np.mean(seen)) if seen else None,
        "LPIPS-Alex": float(np.mean([row["look"] for row in rows])) if rows else None,
    }
