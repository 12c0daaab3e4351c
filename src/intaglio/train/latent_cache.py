"""The latent cache: each training picture once through the autoencoder's encoder, memory-mapped, outside the repository.

    DIR/index.json          keys and sizes; written first
    DIR/crops.u8            (N, S, S, 3) uint8 pictures
    DIR/latents.f16         (N, 32, S/8, S/8) float16 normalised latents of those pictures
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

from intaglio.networks.layout import channels_last
from intaglio.networks.precision import best_dtype
from intaglio.spaces.taef2 import CHANNELS, Autoencoder
from intaglio.train import training_pictures as pictures
from intaglio.train.training_errors import TrainingError


class LatentCache:
    """Read access to the valid rows of a cache folder."""

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        index = json.loads((self.folder / "index.json").read_text())
        self.keys: list[str] = index["keys"]
        self.size: int = index["size"]
        self.rows = int((self.folder / "done").read_text())
        self.total = len(self.keys) * index["variants"]  # rows that it will have
        n, s = self.total, self.size
        self.crops = np.memmap(self.folder / "crops.u8", np.uint8, "r", shape=(n, s, s, 3))
        self.latents = np.memmap(self.folder / "latents.f16", np.float16, "r", shape=(n, CHANNELS, s // 8, s // 8))

    def __len__(self) -> int:
        return self.rows

    def crop(self, row: int, top: int, left: int, n: int) -> tuple[torch.Tensor, torch.Tensor]:
        """n x n latents from (top, left) of a row: picture (3, 8n, 8n) in 0..1 and latent (32, n, n), float32."""
        x = self.crops[row, 8 * top : 8 * (top + n), 8 * left : 8 * (left + n)]
        z = self.latents[row, :, top : top + n, left : left + n]
        return torch.from_numpy(np.array(x)).permute(2, 0, 1).float() / 255, torch.from_numpy(np.array(z)).float()


def _open(path: Path, dtype: type[np.generic], shape: tuple[int, ...]) -> np.memmap[Any, Any]:
    return np.memmap(path, dtype, "r+" if path.exists() else "w+", shape=shape)


def build(
    folder: str | Path,
    data: Sequence[str | Path],
    *,
    size: int,
    variants: int,
    least: int = 0,
    batch: int = 4,
    limit: int | None = None,
    deadline: float = math.inf,
) -> LatentCache:
    """Make or continue the cache of `data` in `folder`; a later call goes on from where one stopped.

    Args:
        size: side of the squares, pixels. variants: squares cut from each picture. least: pictures with a shorter side
            are left out. batch: squares encoded at a time.
        limit: stop after that many rows. deadline: stop then (seconds since the epoch).

    Raises:
        TrainingError: there is no picture, or the folder holds the cache of other data or another size.
    """
    from rich.progress import track

    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    sources = [s for s in pictures.find(data) if s.side() >= least]
    if not sources:
        raise TrainingError(f"no picture has {least} pixels a side, as the cache in {folder} asks for")
    index = {"keys": [s.key for s in sources], "size": size, "variants": variants}
    file = folder / "index.json"
    if file.exists() and json.loads(file.read_text()) != index:
        raise TrainingError(f"{folder} holds the cache of other data or another size: remove it or name another folder")
    file.write_text(json.dumps(index))
    total = len(sources) * variants
    crops = _open(folder / "crops.u8", np.uint8, (total, size, size, 3))
    latents = _open(folder / "latents.f16", np.float16, (total, CHANNELS, size // 8, size // 8))
    done = folder / "done"
    start = int(done.read_text()) if done.exists() else 0
    stop = min(total, limit or total)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    dtype = best_dtype(device)
    encoder = channels_last(Autoencoder.load(device)).to(dtype)
    for i in track(range(start, stop, batch), description="latents"):
        rows = range(i, min(i + batch, stop))
        for r in rows:
            source = sources[r % len(sources)]
            crops[r] = np.asarray(pictures.square(source.open(), size, r // len(sources), source.key))
        x = torch.from_numpy(crops[rows.start : rows.stop]).permute(0, 3, 1, 2).to(device)
        with torch.inference_mode():
            z = encoder.encode((x.float() / 255).contiguous(memory_format=torch.channels_last))
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
