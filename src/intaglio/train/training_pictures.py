"""Training pictures, from folders and WebDataset tars: a list of keys in a fixed shuffled order, opened one by one."""

from __future__ import annotations

import io
import random
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageOps

from intaglio.image import KINDS
from intaglio.train.training_errors import TrainingError

SUFFIXES = {".avif", ".jpg", ".jpeg", ".png", ".webp"}


@dataclass(frozen=True)
class Source:
    """One picture: a file, or a member of a tar at a byte offset (so that it opens without a scan)."""

    key: str
    path: str
    offset: int = -1
    size: int = 0

    def open(self) -> Image.Image:
        """The picture, upright, RGB."""
        return ImageOps.exif_transpose(self._file()).convert("RGB")

    def side(self) -> int:
        """Pixels of the shorter side."""
        return min(self._file().size)

    def _file(self) -> Image.Image:
        if self.offset < 0:
            return Image.open(self.path, formats=list(KINDS))
        with open(self.path, "rb") as tar:
            tar.seek(self.offset)
            return Image.open(io.BytesIO(tar.read(self.size)), formats=list(KINDS))


def _scan(path: Path) -> Iterator[Source]:
    if path.suffix == ".tar":
        with tarfile.open(path) as tar:
            for member in tar:
                if member.isfile() and Path(member.name).suffix.lower() in SUFFIXES:
                    yield Source(f"{path.stem}/{member.name}", str(path), member.offset_data, member.size)
    elif path.suffix.lower() in SUFFIXES:
        yield Source(path.name, str(path))


def find(folders: Sequence[str | Path], seed: int = 0) -> list[Source]:
    """All pictures under the folders (or single files and tars), sorted by key, then shuffled by `seed`.

    Raises:
        TrainingError: a folder that does not exist, or no picture at all.
    """
    sources: list[Source] = []
    for folder in map(Path, folders):
        if not folder.exists():
            raise TrainingError(f"{folder} does not exist: name folders of pictures, or tars of them")
        for path in sorted(folder.rglob("*")) if folder.is_dir() else [folder]:
            sources.extend(_scan(path))
    if not sources:
        raise TrainingError(f"there is no picture under {', '.join(map(str, folders))}")
    sources.sort(key=lambda source: source.key)
    random.Random(seed).shuffle(sources)
    return sources


def square(image: Image.Image, size: int, variant: int, key: str) -> Image.Image:
    """Variant 0: the centre square. Higher: a seeded random square of 60 to 100 % of the short side; odd ones mirrored."""
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    if variant:
        rng = random.Random(f"{key}:{variant}")
        side = max(1, round(side * rng.uniform(0.6, 1.0)))
        left, top = rng.randint(0, image.width - side), rng.randint(0, image.height - side)
    out = image.resize((size, size), Image.Resampling.LANCZOS, box=(left, top, left + side, top + side))
    return ImageOps.mirror(out) if variant % 2 else out
