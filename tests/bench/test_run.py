"""The whole command on two small pictures with a tiny model: it runs, goes on, and says what it lacks."""

import contextlib
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image

from intaglio.bench import coded_files
from intaglio.bench.results import Results
from intaglio.cli.main import main
from intaglio.testing import TinyModel
from intaglio.train import generated

SIDE = 64
OPTIONS = ["--bytes", "300", "2000", "--peers", "jpeg", "webp/2"]


@dataclass
class Bench:
    """A run that was done once, for all tests that look at it."""

    pictures: Path
    out: Path
    said: str
    warned: str


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    folder = tmp_path_factory.mktemp("bench")
    tiny = TinyModel().write(folder / "tiny.safetensors")
    pictures, out = folder / "pictures", folder / "report"
    pictures.mkdir()
    for i in range(2):
        Image.fromarray(generated.picture(SIDE, i)).save(pictures / f"{i}.png")
    said, warned = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("INTAGLIO_FASDIFF", str(tiny))
        patch.setenv("INTAGLIO_FEATURES", str(folder / "none"))
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(warned):
            assert main(["bench", "run", str(pictures), "--out", str(out), *OPTIONS]) == 0
        yield Bench(pictures, out, said.getvalue(), warned.getvalue())


def test_what_a_run_says(bench: Bench) -> None:
    assert "index.html: 2 pictures, 3 curves" in bench.said
    assert "alexnet_features.safetensors" in bench.warned and "docs/guides/measuring.md" in bench.warned


def test_ours_counts_whole_and_a_peer_its_payload(bench: Bench) -> None:
    results = Results(bench.out)
    assert {codec for codec, _, _ in results.rows} == {"fasdiff", "jpeg", "webp/2"}
    for (codec, setting, name), row in results.rows.items():
        place = coded_files.place(bench.out, codec, setting, name)
        file = place.with_name(place.name + ".bin")
        assert row["bytes"] == file.stat().st_size
        assert row["counted"] == row["bytes"] if codec == "fasdiff" else row["counted"] < row["bytes"]
        assert codec != "fasdiff" or row["bytes"] <= setting
    assert {t["codec"] for t in results.times} == {"fasdiff", "jpeg", "webp/2"}
    assert all(t["encode_s"] > 0 and t["peak_mb"] > 10 for t in results.times)


def test_the_report_holds_the_run(bench: Bench) -> None:
    data = json.loads((bench.out / "index.html").read_text().split('type="application/json">')[1].split("</script>")[0])
    assert data["pictures"] == ["0", "1"] and len(data["curves"]) == 3 and len(data["times"]) == 3


def test_the_same_again_codes_what_is_missing(bench: Bench) -> None:
    before = {p: p.stat().st_mtime_ns for p in bench.out.glob("coded/**/*.png")}
    place = coded_files.place(bench.out, "jpeg", 2, "0")
    place.with_name(place.name + ".png").unlink()
    assert main(["bench", "run", str(bench.pictures), "--out", str(bench.out), *OPTIONS]) == 0
    after = {p: p.stat().st_mtime_ns for p in bench.out.glob("coded/**/*.png")}
    assert len(before) == len(after) and sum(before[p] != after[p] for p in before) == 1


def test_other_pictures_need_another_folder(bench: Bench, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Image.fromarray(generated.picture(SIDE, 7)).save(tmp_path / "2.png")
    assert main(["bench", "run", str(tmp_path), "--out", str(bench.out), *OPTIONS]) == 2
    assert "holds a run on other pictures" in capsys.readouterr().err


def test_other_weights_leave_the_peers_figures(bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTAGLIO_FASDIFF", str(TinyModel(seed=4).write(tmp_path / "other.safetensors")))
    out = tmp_path / "report"  # the figures without the files
    out.mkdir()
    Results(bench.out).save(out / "results.jsonl")
    before = Results(out)
    assert main(["bench", "run", str(bench.pictures), "--out", str(out), *OPTIONS, "--no-times"]) == 0
    after = Results(out)
    assert not coded_files.folder(out, "jpeg").exists() and coded_files.folder(out, "fasdiff").exists()
    assert before.rows.keys() == after.rows.keys()
    assert all((before.rows[k] == row) == (k[0] != "fasdiff") for k, row in after.rows.items())


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["run", "--peers", "bpg"], "no peer 'bpg'"),
        (["run", "--groups", "nothing.csv"], "nothing.csv"),
        (["barcode", "--peers"], "alexnet_features.safetensors"),
        (["verify"], "no pairs.csv"),
        (["scaling", "--peers", "bpg"], "no peer 'bpg'"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    arguments: list[str], sentence: str, bench: Bench, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command, *options = arguments
    assert main(["bench", command, str(bench.pictures), "--out", str(tmp_path / "report"), *options]) == 2
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert said.startswith("intaglio: ") and sentence in said


def test_an_empty_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "run", str(tmp_path), "--out", str(tmp_path / "report")]) == 2
    assert "there are no pictures in" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("command", "option"), [("verify", "--faces"), ("scaling", "--limit"), ("barcode", "--bytes"), ("run", "--sides")]
)
def test_a_command_takes_its_own_options_alone(command: str, option: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["bench", command, "somewhere", "--out", "report", option, "1"])
    assert stop.value.code == 2 and f"unrecognized arguments: {option}" in capsys.readouterr().err
