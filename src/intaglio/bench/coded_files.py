"""First part of a run: every picture through every codec at every setting; files and decoded pictures are kept.

    OUT/coded/CODEC/SETTING/PICTURE.bin   the whole file; CODEC of ours ends in the id of its weights
    OUT/coded/CODEC/SETTING/PICTURE.png   what it decodes to

What is there already is not coded again. Peers run in as many processes as there are cores, ours alone.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import numpy as np

from intaglio.bench import ours, workers
from intaglio.errors import BudgetError
from intaglio.measures.measure import Rgb

if TYPE_CHECKING:
    from intaglio.bench.peers.peer import Peer

Advance = Callable[[], object]


@dataclass(frozen=True)
class Options:
    """How ours is run."""

    bpp: bool = False  # settings are bits a pixel, not bytes
    steps: int = 4
    realism: float = 1.0
    effort: int = 0


def folder(out: Path, codec: str) -> Path:
    """Of all files of a codec; of ours, with these weights."""
    name = f"{codec}-{ours.version(codec)}" if codec in ours.NAMES else codec
    return out / "coded" / re.sub(r"[^\w.]+", "-", name)


def place(out: Path, codec: str, setting: float, picture: str) -> Path:
    """Of the file and the decoded picture, without the ending."""
    return folder(out, codec) / f"{setting:g}" / quote(picture, safe=" ")


def _ending(path: Path, ending: str) -> Path:
    """The name with an ending behind it, whatever dots it has."""
    return path.with_name(path.name + ending)


def done(path: Path) -> bool:
    return _ending(path, ".png").exists() and _ending(path, ".bin").exists()


def store(path: Path, data: bytes, decoded: Rgb) -> None:
    """The picture last, and whole: where it is, both are."""
    from PIL import Image

    path.parent.mkdir(parents=True, exist_ok=True)
    _ending(path, ".bin").write_bytes(data)
    temporary = _ending(path, ".tmp")
    Image.fromarray(decoded).save(temporary, "PNG")
    os.replace(temporary, _ending(path, ".png"))


def read(path: Path) -> tuple[int, Rgb]:
    """(bytes of the file, decoded picture)."""
    from PIL import Image

    return _ending(path, ".bin").stat().st_size, np.array(Image.open(_ending(path, ".png")))


def _peer(name: str, setting: float, rgb: Rgb, path: Path) -> None:
    from intaglio.bench import peers

    peer: Peer = peers.available([name])[0][0]
    data = peer.encode(rgb, setting)
    store(path, data, peer.decode(data, *rgb.shape[:2]))


def code(
    pictures: dict[str, Rgb],
    codecs: dict[str, list[float]],
    mine: list[str],
    options: Options,
    out: Path,
    advance: Advance,
) -> dict[str, str]:
    """Code all that is not there yet; `advance` is called once a picture and setting.

    Returns, by "codec @ setting", why a point is not whole: a byte target that some picture does not fit.
    """
    failures: dict[str, str] = {}
    todo = list(_todo(pictures, codecs, out, advance))
    with workers.pool() as pool:
        waiting: list[Future[None]] = []
        for codec, setting, name, path in todo:
            if codec not in mine:
                waiting.append(pool.submit(_peer, codec, setting, pictures[name], path))
                waiting[-1].add_done_callback(lambda _: advance())
        for future in waiting:
            future.result()
    reader = ours.Reader()
    for codec, setting, name, path in todo:
        if codec in mine:
            rgb = pictures[name]
            try:
                data = ours.encode(codec, rgb, ours.target(setting, rgb, options.bpp), options.effort)
                store(path, data, reader(codec, data, options.steps, options.realism))
            except BudgetError as error:
                failures[f"{codec} @ {setting:g}"] = f"{name}: {error}"
            advance()
    return failures


def _todo(
    pictures: dict[str, Rgb], codecs: dict[str, list[float]], out: Path, advance: Advance
) -> Iterator[tuple[str, float, str, Path]]:
    for codec, settings in codecs.items():
        for setting in settings:
            for name in pictures:
                path = place(out, codec, setting, name)
                if done(path):
                    advance()
                else:
                    yield codec, setting, name, path
