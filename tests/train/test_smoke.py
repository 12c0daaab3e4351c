"""The rehearsal recipe through the command, from nothing to weights that code a picture; and what the command refuses."""

from pathlib import Path

import numpy as np
import pytest

from intaglio import Codec
from intaglio.cli.main import main
from intaglio.testing import TinyModel
from intaglio.train import generated
from intaglio.train.checkpoint import Checkpoint
from intaglio.weights import codec_file

RECIPE = Path(__file__).parents[2] / "configs" / "smoke.toml"


def test_the_rehearsal_trains_all_stages(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["train", str(RECIPE), "--out", str(tmp_path)]
    assert main([*command, "--minutes", "0"]) == 0
    assert "Time is up in the latent caches" in capsys.readouterr().out
    assert main([*command, "--round", "1"]) == 0
    said = capsys.readouterr().out
    assert "figures mean nothing" in said and f"Done: {tmp_path}/round-1/fasdiff.safetensors" in said
    assert main([*command, "--minutes", "0"]) == 0
    assert "Time is up in round 2, stage joint" in capsys.readouterr().out
    assert main(command) == 0
    weights = [tmp_path / f"round-{number}" / "fasdiff.safetensors" for number in (1, 2)]
    picture = generated.picture(40, 7)
    codec = Codec("fasdiff", weights=weights[1], device="cpu")
    assert codec.decompress(codec.compress(picture), steps=1).size == (40, 40)

    # The second round's weights are a quarter of what it trained and three quarters of the first's.
    first, second = (codec_file.read("fasdiff", path).lean.arrays["head.weight"].astype(np.float32) for path in weights)
    trained = Checkpoint(tmp_path / "round-2" / "joint").average()["decoder.head.weight"].numpy()
    assert not np.array_equal(first, trained)
    np.testing.assert_allclose(second, 0.75 * first + 0.25 * trained, rtol=1e-3, atol=1e-5)


TINY = """
codec = "cgdm"
size = 64
generated = 2
validation = 1
fitted = 2
[compressor]
fine = 16
coarse = 16
depth = 1
y = 16
h = 8
lf = 4
vector = 8
width = 16
cond = 16
encoder = 16
[prior]
fine = 16
coarse = 16
deep = 16
depth = 1
heads = 2
cond = 16
[caches.things]
variants = 1
[caches.people]
variants = 1
others = true
[[rounds]]
start = "fasdiff"
[rounds.prior]
steps = 1
batch = 2
crop = 4
pictures = { things = 0.5, people = 0.5 }
"""


def test_a_codec_starts_from_the_other(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recipe, start = tmp_path / "mine.toml", TinyModel().write(tmp_path / "fasdiff.safetensors")
    recipe.write_text(TINY)
    command = ["train", str(recipe), "--out", str(tmp_path / "run")]
    assert main(command) == 2
    assert "round 1 starts from weights of fasdiff: name their file by --start" in capsys.readouterr().err
    others = generated.make(tmp_path / "people", 2, 64, 5)
    assert main([*command, "--others", str(others), "--start", str(start)]) == 0
    ours = codec_file.read("cgdm", tmp_path / "run" / "round-1" / "cgdm.safetensors").networks.arrays
    theirs = codec_file.read("fasdiff", start).networks.arrays
    fusion = [name for name in ours if name.startswith("fusion.") and name.replace("fusion", "enhancement") in theirs]
    assert fusion
    for name in fusion:
        assert np.array_equal(ours[name], theirs[name.replace("fusion", "enhancement")]), name


@pytest.mark.parametrize(
    ("text", "options", "said"),
    [
        ("codec = 'fasdiff'\nspeed = 3\n", [], "mine.toml: unknown key 'speed'"),
        ("codec = 'fasdiff'\n[[rounds]]\n", [], "--data is needed"),
        ("codec = 'fasdiff'\ngenerated = 1\nsize = 32\n[[rounds]]\n", ["--round", "2"], "no round 2"),
        ("codec = 'fasdiff'\ngenerated = 1\nsize = 32\n[[rounds]]\nblend = 0.5\n", [], "starts from nothing"),
        (
            "codec = 'fasdiff'\ngenerated = 1\nsize = 32\n[[rounds]]\n[[rounds]]\n",
            ["--round", "2"],
            "do round 1 first, or name weights by --start",
        ),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, options: list[str], said: str
) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    assert main(["train", str(path), "--out", str(tmp_path), *options]) == 2
    assert said in capsys.readouterr().err
