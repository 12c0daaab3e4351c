"""What a stage writes down: JSON lines, and TensorBoard where it is installed."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path


class Journal:
    """FOLDER/log.jsonl and FOLDER/tensorboard/; a resumed run writes on behind what is there."""

    def __init__(self, folder: Path) -> None:
        self._lines = (folder / "log.jsonl").open("a", buffering=1)
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            self._board = None
        else:
            self._board = SummaryWriter(str(folder / "tensorboard"))

    def write(self, step: int, values: Mapping[str, float]) -> None:
        line = {"step": step, "time": round(time.time(), 1)} | {k: round(v, 6) for k, v in values.items()}
        self._lines.write(json.dumps(line) + "\n")
        if self._board is not None:
            for key, value in values.items():
                self._board.add_scalar(key, value, step)

    def close(self) -> None:
        self._lines.close()
        if self._board is not None:
            self._board.close()
