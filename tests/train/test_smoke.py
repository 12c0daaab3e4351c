"""The slow test: the rehearsal recipe from nothing to weights that code a picture."""

from pathlib import Path

import numpy as np
import pytest
import torch
from intaglio.pipeline.latent_codec import LatentCodec

from intaglio.cli.train import main
from intaglio.train import generated
from intaglio.weights import codec_file as weights

RECIPE = Path(__file__).parents[2] / "configs" / "smoke.toml"


def test_the_rehearsal_trains_all_stages(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(RECIPE), "--out", str(tmp_path), "--minutes", "0"]) == 0
    assert "Time is up in stage cache" in capsys.readouterr().out
    assert main([str(RECIPE), "--out", str(tmp_path)]) == 0
    assert "figures mean nothing" in capsys.readouterr().out
    codec = LatentCodec("fasdiff", tmp_path / "fasdiff.safetensors", device="cpu")
    coded = codec.compress(codec.features(generated.picture(40, 7)), 100, None)
    assert codec.decompress(coded.payload, 40, 40, coded.quality, coded.scale, steps=1).shape == (40, 40, 3)
    again, start = tmp_path / "again", tmp_path / "fasdiff.safetensors"
    text = RECIPE.read_text()
    joint = tmp_path / "joint.toml"
    joint.write_text(
        text[: text.index("[stages.encoder]")]
        + text[text.index("[stages.joint]") :]
        + "lean = true\nfeatures = 0.3\nadversarial = 0.1\nblend = 0.25\n"
    )
    assert main([str(joint), "--cache", str(tmp_path / "cache"), "--start", str(start), "--out", str(again)]) == 0
    first, second = (weights.read("fasdiff", run / "fasdiff.safetensors").lean for run in (tmp_path, again))
    trained = torch.load(again / "joint" / "ema.pt", weights_only=True)["decoder.head.weight"].numpy()
    assert not np.array_equal(first["head.weight"], second["head.weight"])
    blended = 0.75 * first["head.weight"].astype(np.float32) + 0.25 * trained
    np.testing.assert_allclose(second["head.weight"].astype(np.float32), blended, rtol=1e-3, atol=1e-5)


def test_a_wrong_recipe_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("codec = 'fasdiff'\nspeed = 3\n")
    assert main([str(path), "--out", str(tmp_path)]) == 2
    assert "mine.toml: unknown key 'speed'" in capsys.readouterr().err
