"""The table of flat, drawn and tiny pictures."""

from pathlib import Path

import pytest

from intaglio.cli.main import main


@pytest.mark.usefixtures("installed")
def test_drawn_pictures_beside_webp(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "drawn", "--out", str(tmp_path)]) == 0
    page = (tmp_path / "drawn.md").read_text()
    assert page in capsys.readouterr().out
    rows = [line.split(" | ") for line in page.splitlines() if " | plain | " in line]
    assert len(rows) == 30
    assert all(int(row[5]) <= 2 for row in rows if row[1] == "90")
