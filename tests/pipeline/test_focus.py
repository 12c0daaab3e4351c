"""Focus: more of the bytes where a face is, by a map that the file need not hold."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from intaglio.cli.main import main
from intaglio.codec import Codec
from intaglio.entropy.stream import MILD
from intaglio.info import inspect
from intaglio.train.generated import picture


@pytest.fixture(scope="module")
def image() -> Image.Image:
    return Image.fromarray(np.asarray(picture(64, 2)))


@pytest.mark.parametrize("bare", [False, True])
def test_a_file_says_that_it_has_one(
    bare: bool, tiny: Path, tiny_codec: Codec, image: Image.Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INTAGLIO_FASDIFF", str(tiny))
    plain, focused = (tiny_codec.compress(image, quality=60, focus=focus, bare=bare) for focus in ("off", "face"))
    assert inspect(plain, bare=bare).chunks == []
    info = inspect(focused, bare=bare, sections=True)
    assert info.chunks == ["focus"]
    assert info.header_bytes == inspect(plain, bare=bare).header_bytes + 3
    assert abs(sum(info.sections.values()) - info.payload_bytes) < 8
    assert tiny_codec.decompress(focused, steps=1, bare=bare).size == image.size


def test_it_keeps_to_the_budget(tiny_codec: Codec, image: Image.Image) -> None:
    assert len(tiny_codec.compress(image, max_bytes=500, focus="face")) <= 500


def test_what_it_does_not_go_with(tiny_codec: Codec, tiny_cgdm: Path, image: Image.Image, capsys) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match="cgdm has no focus"):
        Codec("cgdm", weights=tiny_cgdm, device="cpu").compress(image, focus="face")
    with pytest.raises(ValueError, match="allowed are auto, face, off"):
        tiny_codec.compress(image, focus="dog")  # type: ignore[arg-type]
    assert main(["compress", "a.png", "--codec", "cgdm", "--focus", "face"]) == 2
    assert "cgdm has no focus" in capsys.readouterr().err


def test_the_released_codec_knows_where_a_face_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """At equal bytes: nearer where the bundled portrait's face is, further at its edge; and always a little of that."""
    codec = Codec("fasdiff", device="cpu")
    portrait = Image.open(str(files("intaglio") / "data" / "astronaut.png")).convert("RGB")
    original = portrait.crop((125, 10, 325, 210)).resize((256, 256))  # so near that the face is not coded apart
    x = np.asarray(original, float)
    face, edge = np.s_[64:192, 72:184], np.s_[:, :40]
    errors = []
    for mild, focus in ((0, "off"), (MILD, "off"), (MILD, "face")):
        with monkeypatch.context() as patch:
            patch.setattr("intaglio.entropy.stream.MILD", mild)
            data = codec.compress(original, max_bytes=400, focus=focus)
            assert inspect(data).chunks == (["focus"] if focus == "face" else [])
            square = (np.asarray(codec.decompress(data, realism=0), float) - x) ** 2
        errors.append((square[face].mean(), square[edge].mean()))
    faces, edges = zip(*errors)
    assert faces[2] < 0.97 * faces[0] and faces[1] < faces[0]
    assert edges[2] > edges[1] > edges[0]
