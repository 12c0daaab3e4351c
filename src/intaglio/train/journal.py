"""What a stage writes down: JSON lines, and TensorBoard where it is installed."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from pathlib import Path


class Journal:
    """FOLDER/log.jsonl and FOLDER/tensorboard/; a resumed run writes on behind what is there. Not `written`: nowhere."""

    def __init__(self, folder: Path, *, written: bool = True) -> None:
        self._lines = (folder / "log.jsonl" if written else Path(os.devnull)).open("a", buffering=1)
        self._board = None
        if not written:
            return
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            return
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
