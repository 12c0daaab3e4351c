"""The whole command on two made-up pictures with a tiny model: it runs, goes on, and says what it lacks."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from intaglio.bench import coding, ours, summary
from intaglio.bench.results import Results
from intaglio.cli.bench import main
from intaglio.cli.main import main as intaglio
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
        file = coding.place(out, codec, setting, name).with_suffix(".bin")
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


def test_other_weights_leave_the_peers_figures(
    folder: Path, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "report"
    command = ["bench", str(folder), "--out", str(out), "--bytes", "300", "--peers", "jpeg", "--no-times"]
    assert intaglio(command) == 0
    summary.write([out], tmp_path / "results.md")
    shutil.rmtree(out)
    out.mkdir()
    shutil.copyfile(tmp_path / "results" / "report.jsonl", out / "results.jsonl")
    before = Results(out)

    arrays = load_file(tiny)
    name = next(n for n in sorted(arrays) if n.startswith("prior."))
    with safe_open(tiny, framework="np") as file:
        save_file(arrays | {name: arrays[name] + 1}, tmp_path / "other.safetensors", file.metadata())
    monkeypatch.setenv("INTAGLIO_FASDIFF", str(tmp_path / "other.safetensors"))
    ours._codec.cache_clear()
    assert intaglio(command) == 0
    after = Results(out)
    assert not coding.folder(out, "jpeg").exists() and coding.folder(out, "fasdiff").exists()
    assert before.rows.keys() == after.rows.keys()
    assert all((before.rows[k] == row) == (k[0] == "jpeg") for k, row in after.rows.items())


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
