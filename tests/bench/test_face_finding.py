"""`intaglio bench faces`: recall, false finds and eyes of frames, on the bundled portrait."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import numpy as np
from PIL import Image

from intaglio.bench.face_finding import against, boxes
from intaglio.cli.bench import main
from intaglio.faces.detector import Face


def test_recall_and_false_finds(tmp_path: Path) -> None:
    (tmp_path / "faces.csv").write_text(
        "file,x,y,w,h\na.png,0,0,40,50\na.png,100,0,40,50\na.png,200,0,20,20\nb.png,,,,\n"
    )
    wanted = boxes(tmp_path / "faces.csv")
    assert {name: len(rows) for name, rows in wanted.items()} == {"a": 2 + 1, "b": 0}
    face, stranger = (Face((left, 0.0, left + 40, 50.0), np.zeros((5, 2)), 0.9) for left in (2.0, 300.0))
    row = against(wanted, {"a": [face, stranger], "b": [stranger]})
    assert row["faces of 32 px and more"] == 2
    assert row["recall"] == 0.5
    assert row["false finds"] == 2


def test_the_report(tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    Image.open(Path(str(files("intaglio") / "data" / "astronaut.png"))).convert("RGB").save(folder / "a.png")
    (folder / "faces.csv").write_text("file,x,y,w,h\na.png,182,62,90,114\n")
    assert main(["faces", str(folder), "--out", str(tmp_path / "out")]) == 0
    report = (tmp_path / "out" / "faces.md").read_text()
    assert "| 1 | 1 | 0 | 0 |" in report  # faces, recall, false finds, of twenty
    assert report.count("| 1 | 0 | 0 |") >= len(("token", "square", "passport"))
