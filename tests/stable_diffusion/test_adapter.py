"""FaSDiff over a checkpoint: trained by the command, written as an adapter, used by other processes."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from safetensors import safe_open

from intaglio import Codec, IntaglioError
from intaglio.checkpoints import stable_diffusion
from intaglio.cli.main import main
from intaglio.entropy.stream import Stream, grid
from intaglio.errors import WeightsError
from intaglio.testing import TinyModel
from intaglio.train import generated
from intaglio.weights import codec_file, tensors

pytest.importorskip("diffusers")

RECIPE = Path(__file__).parent / "rehearsal.toml"


def bytes_of(folder: Path) -> dict[str, str]:
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.rglob("*.*")}


@pytest.fixture(scope="module")
def adapter(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The weights that the rehearsal trains over the tiny checkpoint."""
    out, before = tmp_path_factory.mktemp("run"), bytes_of(checkpoint)
    networks = stable_diffusion.load(str(checkpoint))
    tensors = [t.clone() for net in (networks.unet, networks.vae) for t in net.state_dict().values()]
    assert main(["train", str(RECIPE), "--checkpoint", str(checkpoint), "--out", str(out)]) == 0
    after = [t for net in (networks.unet, networks.vae) for t in net.state_dict().values()]
    assert all(np.array_equal(a, b) for a, b in zip(tensors, after)), "the checkpoint was trained"
    assert bytes_of(checkpoint) == before
    return out / "round-1" / "fasdiff.safetensors"


@pytest.fixture
def base(monkeypatch: pytest.MonkeyPatch, checkpoint: Path) -> None:
    monkeypatch.setenv("INTAGLIO_SD", str(checkpoint))


def process(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "intaglio", *map(str, arguments)]
    kept = {key: value for key, value in os.environ.items() if not key.startswith("INTAGLIO")}
    return subprocess.run(command, env=kept | environment, capture_output=True, text=True, check=False)


def test_files_are_coded_and_drawn_in_processes_of_their_own(
    adapter: Path,
    checkpoint: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    picture, file, drawn = (tmp_path / name for name in ("a.png", "a.itg", "a.out.png"))
    Image.fromarray(generated.picture(72, 7)).save(picture)
    places = {"INTAGLIO_SD": str(checkpoint), "INTAGLIO_FASDIFF": str(adapter)}
    made = process("compress", picture, file, "--codec", "fasdiff", "--bytes", "300", **places)
    assert made.returncode == 0, made.stderr
    assert file.stat().st_size <= 300
    again = process("decompress", file, drawn, "--steps", "4", **places)
    assert again.returncode == 0, again.stderr
    assert Image.open(drawn).size == (72, 72)

    # Without the checkpoint nothing is drawn, and the sentence says what is missing; so does what a file says of itself.
    monkeypatch.setenv("INTAGLIO_FASDIFF", str(adapter))
    assert main(["decompress", str(file), str(drawn), "--force"]) == 2
    missing = capsys.readouterr().err
    assert "set INTAGLIO_SD to" in missing and "tiny-sd15" in missing
    assert main(["info", str(file)]) == 0
    assert "tiny-sd15" in capsys.readouterr().out


@pytest.mark.usefixtures("base")
def test_symbols_are_exact_and_a_box_is_the_whole_s_part(adapter: Path) -> None:
    codec, weights = Codec("fasdiff", weights=adapter, device="cpu"), codec_file.read("fasdiff", adapter)
    data = codec.compress(generated.picture(104, 3), quality=30)
    whole = np.asarray(codec.decompress(data, steps=2, seed=5))
    assert np.array_equal(whole, np.asarray(codec.decompress(data, steps=2, seed=5)))
    box = np.asarray(codec.decompress(data, steps=2, seed=5, box=(10, 20, 90, 100)))
    assert np.array_equal(box, whole[20:100, 10:90])
    # The stream's integers need no checkpoint.
    from intaglio import format as itg

    stream = Stream.of(weights)
    header, payload = itg.read(data, seed_of=lambda _: stream.seed)
    tensors = stream.decode(payload, header.quality, *grid(header.height, header.width, header.halvings))
    assert stream.decode(payload, header.quality, *grid(104, 104, 0)).floats().keys() == tensors.floats().keys()
    assert header.digest == stream.digest


def test_an_adapter_is_refused_on_another_checkpoint(
    adapter: Path, maker: object, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for other, says in (
        (maker("sd21"), "the one that is named is tiny-sd21"),  # type: ignore[operator]
        (maker("sd15", seed=1), "the one that is named is tiny-sd15"),  # type: ignore[operator]
        (tmp_path, "no whole Stable Diffusion checkpoint"),
        (tmp_path / "none", "there is no checkpoint"),
    ):
        monkeypatch.setenv("INTAGLIO_SD", str(other))
        with pytest.raises(WeightsError, match=says):
            Codec("fasdiff", weights=adapter, device="cpu")


@pytest.mark.usefixtures("base")
def test_other_models_refuse_an_adapter_s_files(adapter: Path, tiny: Path) -> None:
    data = Codec("fasdiff", weights=adapter, device="cpu").compress(generated.picture(40, 7))
    with pytest.raises(IntaglioError, match="custom model"):
        Codec("fasdiff", weights=tiny, device="cpu").decompress(data)


@pytest.mark.parametrize(("name", "kind"), [("fasdiff", "sd21"), ("cgdm", "sd15"), ("cgdm", "turbo")])
def test_other_checkpoints_and_cgdm_draw_too(
    name: str, kind: str, maker: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """2.x predicts v, Turbo is made for one step; at several steps seeds differ, and every count of steps draws."""
    place = maker(kind)
    monkeypatch.setenv("INTAGLIO_SD", str(place))
    weights = TinyModel(name, checkpoint=place).write(tmp_path / "tiny.safetensors")
    codec = Codec(name, weights=weights, device="cpu")
    data = codec.compress(generated.picture(72, 3), quality=30)
    drawn = {
        (steps, seed): np.asarray(codec.decompress(data, steps=steps, seed=seed))
        for steps in (1, 2, 4)
        for seed in (0, 1)
    }
    assert all(picture.shape == (72, 72, 3) for picture in drawn.values())
    assert np.array_equal(drawn[1, 0], drawn[1, 1]) and not np.array_equal(drawn[4, 0], drawn[4, 1])


@pytest.mark.usefixtures("base")
def test_effort_and_auto_go_over_it_too(adapter: Path, tiny_cgdm: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever else works on a model's networks, spaces and tensors."""
    monkeypatch.setenv("INTAGLIO_FASDIFF", str(adapter))
    monkeypatch.setenv("INTAGLIO_CGDM", str(tiny_cgdm))
    picture = generated.picture(64, 3)
    codec = Codec("fasdiff", device="cpu")
    assert codec.decompress(codec.compress(picture, quality=30, effort=1), steps=1).size == (64, 64)
    auto = Codec(device="cpu")
    assert auto.decompress(auto.compress(picture, max_bytes=300), steps=1).size == (64, 64)


def test_damaged_words_about_the_checkpoint_are_an_error(adapter: Path, tmp_path: Path) -> None:
    with safe_open(adapter, framework="np") as file:
        arrays, metadata = {name: file.get_tensor(name) for name in file.keys()}, file.metadata()  # noqa: SIM118
    for words in ("[]", "{", '{"name": 3}', "null"):
        tensors.write(tmp_path / "damaged.safetensors", arrays, metadata | {"base": words})
        with pytest.raises(WeightsError, match="does not say which checkpoint it is over"):
            codec_file.read("fasdiff", tmp_path / "damaged.safetensors")


@pytest.mark.usefixtures("base")
def test_without_the_library_it_is_named(adapter: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stable_diffusion.load.cache_clear()
    monkeypatch.setattr(stable_diffusion, "find_spec", lambda name: None)
    with pytest.raises(WeightsError, match=r"pip install intaglio\[sd\]"):
        Codec("fasdiff", weights=adapter, device="cpu")
