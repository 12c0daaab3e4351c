"""The latent cache: each training picture once through the encoder of a latent space, memory-mapped, outside the repository.

    DIR/index.json          keys and sizes; written first
    DIR/crops.u8            (N, S, S, 3) uint8 pictures
    DIR/latents.f16         (N, C, S/F, S/F) float16 normalised latents of those pictures, F pixels each way
    DIR/done                how many rows are valid; a run that was stopped goes on from there

Row i is variant i // P of picture i % P (P pictures), so that training may start on the first rows.
"""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from intaglio.spaces.space import LatentSpace
from intaglio.spaces.taef2 import CHANNELS, FACTOR, NAME
from intaglio.train import training_pictures as pictures
from intaglio.train.training_errors import TrainingError


class LatentCache:
    """Read access to the valid rows of a cache folder."""

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        index = _read(self.folder / "index.json")
        self.keys: list[str] = index["keys"]
        self.size: int = index["size"]
        self.factor: int = index["factor"]
        self.side = self.size // self.factor  # latents of a whole picture, each way
        self.rows = int((self.folder / "done").read_text())
        self.total = len(self.keys) * index["variants"]  # rows that it will have
        n, s = self.total, self.size
        self.crops = np.memmap(self.folder / "crops.u8", np.uint8, "r", shape=(n, s, s, 3))
        self.latents = np.memmap(self.folder / "latents.f16", np.float16, "r", shape=_latents_shape(index))

    def __len__(self) -> int:
        return self.rows

    def crop(self, row: int, top: int, left: int, n: int) -> tuple[torch.Tensor, torch.Tensor]:
        """n x n latents from (top, left) of a row: picture (3, factor n, factor n), latent (C, n, n); float32."""
        f = self.factor
        x = self.crops[row, f * top : f * (top + n), f * left : f * (left + n)]
        z = self.latents[row, :, top : top + n, left : left + n]
        return torch.from_numpy(np.array(x)).permute(2, 0, 1).float() / 255, torch.from_numpy(np.array(z)).float()


def _read(index: Path) -> dict[str, Any]:
    """An index; one that names no space is older than that, and of the only one that there was."""
    return {"space": NAME, "channels": CHANNELS, "factor": FACTOR} | json.loads(index.read_text())


def _latents_shape(index: dict[str, Any]) -> tuple[int, ...]:
    side = index["size"] // index["factor"]
    return len(index["keys"]) * index["variants"], index["channels"], side, side


def _open(path: Path, dtype: type[np.generic], shape: tuple[int, ...]) -> np.memmap[Any, Any]:
    return np.memmap(path, dtype, "r+" if path.exists() else "w+", shape=shape)


def build(
    folder: str | Path,
    data: Sequence[str | Path],
    *,
    space: LatentSpace,
    size: int,
    variants: int,
    least: int = 0,
    batch: int = 4,
    limit: int | None = None,
    deadline: float = math.inf,
    device: torch.device | str = "cpu",
) -> LatentCache:
    """Make or continue the cache of `data` in `folder`; a later call goes on from where one stopped.

    Args:
        space: whose latents they are, on `device`.
        size: side of the squares, pixels. variants: squares cut from each picture. least: pictures with a shorter side
            are left out. batch: squares encoded at a time.
        limit: stop after that many rows. deadline: stop then (seconds since the epoch).

    Raises:
        TrainingError: there is no picture, or the folder holds the cache of other data, of another space or size.
    """
    from rich.progress import track

    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    sources = [s for s in pictures.find(data) if s.side() >= least]
    if not sources:
        raise TrainingError(f"no picture has {least} pixels a side, as the cache in {folder} asks for")
    index = {
        "keys": [s.key for s in sources], "size": size, "variants": variants,
        "space": space.name, "channels": space.channels, "factor": space.factor,
    }  # fmt: skip
    file = folder / "index.json"
    if file.exists() and _read(file) != index:
        raise TrainingError(
            f"{folder} holds the cache of other data or another size or space: remove it or name another"
        )
    file.write_text(json.dumps(index))
    total = len(sources) * variants
    crops = _open(folder / "crops.u8", np.uint8, (total, size, size, 3))
    latents = _open(folder / "latents.f16", np.float16, _latents_shape(index))
    done = folder / "done"
    start = int(done.read_text()) if done.exists() else 0
    stop = min(total, limit or total)
    for i in track(range(start, stop, batch), description="latents"):
        rows = range(i, min(i + batch, stop))
        for r in rows:
            source = sources[r % len(sources)]
            crops[r] = np.asarray(pictures.square(source.open(), size, r // len(sources), source.key))
        x = torch.from_numpy(crops[rows.start : rows.stop]).permute(0, 3, 1, 2).to(device)
        with torch.inference_mode():
            z = space.encode((x.float() / 255).contiguous(memory_format=torch.channels_last))
        latents[rows.start : rows.stop] = z.float().cpu().numpy().astype(np.float16)
        late = time.time() > deadline
        if (i - start) // batch % 32 and rows.stop < stop and not late:
            continue
        crops.flush()
        latents.flush()
        temporary = done.with_suffix(".tmp")
        temporary.write_text(str(rows.stop))
        os.replace(temporary, done)
        if late:
            break
    if not done.exists():
        done.write_text("0")
    return LatentCache(folder)
