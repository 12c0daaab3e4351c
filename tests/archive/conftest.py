"""A folder of small pictures."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from intaglio.train.generated import picture


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Five pictures in three folders, one that is broken, and a file that is no picture."""
    folder = tmp_path / "photos"
    for number, name in enumerate(["a.png", "b.jpg", "in/c.png", "in/c.jpg", "in/deep/d.webp"]):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture(48, number)).save(path)
    (folder / "broken.png").write_bytes(b"no picture")
    (folder / "notes.txt").write_text("not read")
    return folder
