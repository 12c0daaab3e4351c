"""The whole command on two made-up pictures with a tiny model: it runs, goes on, and says what it lacks."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from intaglio.bench import ours
from intaglio.bench.cli import main
from intaglio.bench.results import Results
from intaglio.cli import main as intaglio
from intaglio.train import generated

SIDE = 64


@pytest.fixture
def folder(tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("INTAGLIO_FASDIFF", str(tiny))
    monkeypatch.setenv("INTAGLIO_FEATURES", str(tmp_path / "none"))
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for i in range(2):
        Image.fromarray(generated.picture(SIDE, i)).save(pictures / f"{i}.png")
    ours._codec.cache_clear()
    yield pictures
    ours._codec.cache_clear()  # it keeps the tiny model


def test_a_run_and_the_same_again(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "report"
    command = ["bench", str(folder), "--out", str(out), "--bytes", "300", "2000", "--peers", "jpeg", "webp/2"]
    assert intaglio(command) == 0
    said = capsys.readouterr()
    assert "index.html: 2 pictures, 3 curves" in said.out
    assert "alexnet_features.safetensors" in said.err and "docs/bench.md" in said.err
    results = Results(out)
    assert {codec for codec, _, _ in results.rows} == {"fasdiff", "jpeg", "webp/2"}
    for (codec, setting, name), row in results.rows.items():
        file = next(out.glob(f"coded/{codec.replace('/', '-')}/{setting:g}/{name}.bin"))
        assert row["bytes"] == file.stat().st_size
        assert row["counted"] == row["bytes"] if codec == "fasdiff" else row["counted"] < row["bytes"]
        assert codec != "fasdiff" or row["bytes"] <= setting
    assert {t["codec"] for t in results.times} == {"fasdiff", "jpeg", "webp/2"}
    assert all(t["encode_s"] > 0 and t["peak_mb"] > 10 for t in results.times)
    assert json.loads((out / "index.html").read_text().split('type="application/json">')[1].split("</script>")[0])
    before = {p: p.stat().st_mtime_ns for p in out.glob("coded/**/*.png")}
    (next(iter(before))).unlink()
    assert intaglio(command) == 0
    after = {p: p.stat().st_mtime_ns for p in out.glob("coded/**/*.png")}
    assert len(before) == len(after) and sum(before[p] != after[p] for p in before) == 1

    Image.fromarray(generated.picture(SIDE, 7)).save(folder / "2.png")
    assert intaglio(command) == 2
    assert "holds a run on other pictures" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--peers", "bpg"], "no peer 'bpg'"),
        (["--protocol", "barcode"], "alexnet_features.safetensors"),
        (["--protocol", "verification"], "no pairs.csv"),
        (["--groups", "nothing.csv"], "nothing.csv"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    arguments: list[str], sentence: str, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(folder), "--out", str(tmp_path / "report"), *arguments]) == 2
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert said.startswith("intaglio: ") and sentence in said


def test_an_empty_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path), "--out", str(tmp_path / "report")]) == 2
    assert "there are no pictures in" in capsys.readouterr().err
