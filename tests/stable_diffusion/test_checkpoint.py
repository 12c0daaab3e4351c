"""Where a checkpoint may be, what tells it from another, and what is said where it cannot be had."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from intaglio.checkpoints import known, stable_diffusion
from intaglio.errors import WeightsError

pytest.importorskip("diffusers")
Maker = Callable[..., Path]


def original(checkpoint: Path, file: Path) -> None:
    """The checkpoint as a single file in the original layout."""
    spec = importlib.util.spec_from_file_location("original_layout", Path(__file__).with_name("original_layout.py"))
    assert spec and spec.loader
    layout = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(layout)
    loaded = stable_diffusion.load(str(checkpoint))
    layers = loaded.unet.config.layers_per_block
    tensors = layout.unet(loaded.unet.state_dict(), layers) | layout.vae(loaded.vae.state_dict())
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, file)


def test_a_single_file_is_the_same_checkpoint(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "sd.safetensors"
    original(checkpoint, file)
    configs = {
        part: json.loads((checkpoint / part / name).read_text())
        for part, name in (("unet", "config.json"), ("vae", "config.json"), ("scheduler", "scheduler_config.json"))
    }
    tiny = replace(known.KNOWN["1.5"], unet=configs["unet"], schedule=configs["scheduler"])
    monkeypatch.setitem(known.KNOWN, "1.5", tiny)
    monkeypatch.setattr(known, "VAE", configs["vae"])
    folder = stable_diffusion.load(str(checkpoint))
    single = stable_diffusion.load(str(file))
    assert single.base.identity == folder.base.identity
    for ours, theirs in ((single.unet, folder.unet), (single.vae, folder.vae)):
        assert all(torch.equal(tensor, theirs.state_dict()[name]) for name, tensor in ours.state_dict().items())


def test_the_hub_s_cache_serves_offline_by_revision(checkpoint: Path, tmp_path: Path) -> None:
    revision = "0123456789abcdef0123456789abcdef01234567"
    shutil.copytree(checkpoint, tmp_path / "hub" / "models--some--tiny" / "snapshots" / revision)
    code = (
        "import sys; from intaglio.checkpoints.stable_diffusion import load\n"
        "for place in sys.argv[1:]: print(load(place).base, flush=True)"
    )
    offline = os.environ | {"HF_HOME": str(tmp_path), "HF_HUB_OFFLINE": "1"}
    command = [sys.executable, "-c", code, f"some/tiny@{revision}", "some/none@main"]
    tried = subprocess.run(command, env=offline, capture_output=True, text=True, check=False)

    expected = stable_diffusion.load(str(checkpoint)).base.identity
    assert tried.stdout.strip() == f"some/tiny ({expected})"
    assert "WeightsError: some/none@main is no whole Stable Diffusion checkpoint" in tried.stderr


def test_precision_is_no_part_of_the_identity_and_weights_are(checkpoint: Path, maker: Maker, tmp_path: Path) -> None:
    loaded = stable_diffusion.load(str(checkpoint))
    half = tmp_path / "half"
    shutil.copytree(checkpoint, half)
    loaded.unet.half().save_pretrained(half / "unet")
    loaded.unet.float()
    assert stable_diffusion.load(str(half)).base.identity == loaded.base.identity
    coarse = stable_diffusion.load(str(checkpoint), "cpu", torch.bfloat16)
    assert coarse.unet.dtype == torch.bfloat16 and coarse.base == loaded.base
    others = [maker("sd15", seed=1), maker("sd15", prediction_type="v_prediction"), maker("sd21")]
    identities = {stable_diffusion.load(str(place)).base.identity for place in (checkpoint, *others)}
    assert len(identities) == 4


@pytest.mark.parametrize(
    ("place", "says"),
    [
        ("nowhere", "there is no checkpoint nowhere: put a folder there"),
        ("owner/name", "there is no checkpoint owner/name: put a folder there .* owner/name@revision"),
        (".", "is no whole Stable Diffusion checkpoint"),
        ("sd.safetensors", "is no whole Stable Diffusion checkpoint"),
    ],
)
def test_what_cannot_be_had_is_said(place: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sd.safetensors").write_bytes(b"none")
    with pytest.raises(WeightsError, match=says):
        stable_diffusion.load(place)


def test_a_single_file_of_2_x_must_say_what_it_predicts() -> None:
    assert known.of_file("v2-1_768-ema-pruned.safetensors", 1024) is known.KNOWN["2.1"]
    assert known.of_file("sd_turbo.safetensors", 1024) is known.KNOWN["turbo"]
    for name, width in (("mine.safetensors", 1024), ("sdxl.safetensors", 2048)):
        with pytest.raises(ValueError, match=r"2\.x"):
            known.of_file(name, width)
