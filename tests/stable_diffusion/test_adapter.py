"""FaSDiff over a checkpoint: trained by the command, written as an adapter, used by other processes."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from intaglio import Codec, IntaglioError
from intaglio.checkpoints import stable_diffusion
from intaglio.cli.main import main
from intaglio.entropy.stream import Stream, grid
from intaglio.errors import WeightsError
from intaglio.train import generated
from intaglio.weights import codec_file

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
