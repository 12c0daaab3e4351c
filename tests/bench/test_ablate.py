"""Parts knocked out: each changes the picture, differences are paired by picture."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from intaglio.bench import ablate
from intaglio.cli.main import main
from intaglio.codec import Codec
from intaglio.measures.psnr import Psnr
from intaglio.testing import TinyModel
from intaglio.train import generated


@pytest.mark.parametrize("codec", ["fasdiff", "cgdm"])
def test_every_part_changes_the_picture(codec: str, tmp_path: Path) -> None:
    file = TinyModel(codec).write(tmp_path / "tiny.safetensors")
    data = Codec(codec, weights=file).compress(Image.fromarray(generated.picture(64, 0)), max_bytes=900)
    drawer = ablate.Drawer(codec, file)
    torch.manual_seed(0)
    for parameter in drawer.models["lean"].networks.parameters():  # what steers starts at zero before training
        parameter.data.add_(0.05 * torch.randn_like(parameter))
    pictures = {name: drawer(data, variant) for name, variant in ablate.VARIANTS[codec].items()}
    assert len(pictures) == 7 and all(rgb.shape == (64, 64, 3) for rgb in pictures.values())
    whole = pictures.pop(ablate.WHOLE)
    assert all((rgb != whole).any() for rgb in pictures.values())
    np.testing.assert_array_equal(drawer(data, ablate.Variant()), whole)  # the whole is whole again


def test_the_whole_is_what_the_codec_draws(tmp_path: Path) -> None:
    file = TinyModel().write(tmp_path / "tiny.safetensors")
    codec = Codec("fasdiff", weights=file)
    data = codec.compress(Image.fromarray(generated.picture(64, 1)), max_bytes=900)
    drawn = ablate.Drawer("fasdiff", file)(data, ablate.Variant())
    np.testing.assert_array_equal(drawn, np.array(codec.decompress(data)))


def test_differences_are_paired_by_picture() -> None:
    hard = np.array([20.0, 30.0, 40.0])
    values = [{ablate.WHOLE: {"psnr": x}, "less": {"psnr": x - 1.5}, ablate.SEEDS: {"psnr": 33.0}} for x in hard]
    whole, less, seeds = ablate.rows(values, [Psnr()])
    assert whole["PSNR (dB)"].startswith("30.000 [") and less["PSNR (dB)"] == "-1.500 [-1.500…-1.500]"
    assert seeds["PSNR (dB)"] == "33.000 [33.000…33.000]"


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("INTAGLIO_CGDM", str(TinyModel("cgdm").write(tmp_path / "tiny.safetensors")))
    monkeypatch.setenv("INTAGLIO_FEATURES", str(tmp_path))
    for i in range(2):
        Image.fromarray(generated.picture(64, i)).save(tmp_path / f"{i}.png")
    out = tmp_path / "out"
    command = ["bench", "ablate", str(tmp_path), "--out", str(out), "--codec", "cgdm", "--size", "64", "--bytes", "900"]
    assert main(command) == 0
    text = (out / "ablation.md").read_text()
    assert text.strip() in capsys.readouterr().out and "2 pictures" in text
    assert text.count("\n| cgdm | ") == 8 and "| gates the same for all | " in text
