"""Pillow and imageio with .itg files: lazily, with options, and with errors of Pillow's kinds."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, UnidentifiedImageError

import intaglio
import intaglio.pillow
from intaglio.errors import OptionError
from intaglio.train.generated import picture

pytestmark = pytest.mark.usefixtures("installed")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a.itg"
    Image.fromarray(np.asarray(picture(64, 2))[:48]).save(path, max_bytes=700, codec="fasdiff")
    return path


def test_what_is_saved_is_what_compress_makes(file: Path) -> None:
    image = Image.fromarray(np.asarray(picture(64, 2))[:48])
    assert file.read_bytes() == intaglio.compress(image, max_bytes=700, codec="fasdiff")


def test_what_is_opened_is_what_decompress_draws(file: Path) -> None:
    with Image.open(file) as image:
        assert (image.format, image.size, image.mode) == ("ITG", (64, 48), "RGB")
        assert image.get_format_mimetype() == "image/x-intaglio"
        assert np.array_equal(image, intaglio.decompress(file))
        assert b"compositeWithTrainedAlgorithmicMedia" in image.info["xmp"]
        image.load()


@pytest.mark.parametrize("ending", ["png", "jpg", "webp"])
def test_the_word_of_a_trained_model_is_kept(file: Path, ending: str) -> None:
    with Image.open(file) as image:
        image.save(file.with_suffix(f".{ending}"))
    with Image.open(file.with_suffix(f".{ending}")) as again:
        assert b"compositeWithTrainedAlgorithmicMedia" in again.info["xmp"]


def test_grey_is_grey(tmp_path: Path) -> None:
    Image.fromarray(np.asarray(picture(64, 2))).convert("L").save(tmp_path / "a.itg", codec="fasdiff")
    with Image.open(tmp_path / "a.itg") as image:
        assert image.mode == "L"
        image.load()
        assert image.mode == "L"


def test_options_of_drawing(file: Path) -> None:
    with Image.open(file) as image:
        assert isinstance(image, intaglio.pillow.IntaglioFile)
        image.draw(steps=1, realism=0.5, box=(8, 0, 40, 32))
        assert image.size == (32, 32)
        assert np.array_equal(image, intaglio.decompress(file, steps=1, realism=0.5, box=(8, 0, 40, 32)))
        with pytest.raises(OptionError, match="drawn already"):
            image.draw(steps=2)
    with pytest.raises(OptionError, match="steps"), Image.open(file) as image:
        image.draw(steps=3)  # type: ignore[attr-defined]


def test_opening_loads_no_network(file: Path) -> None:
    program = (
        "import sys; from PIL import Image; import intaglio.pillow; "
        f"assert Image.open({str(file)!r}).size == (64, 48); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_files_that_are_cut_altered_or_of_others(file: Path) -> None:
    data = file.read_bytes()
    for cut in range(len(data)):
        try:
            with Image.open(io.BytesIO(data[:cut])) as image, pytest.raises(OSError, match=r"^[^\n]+$"):
                image.load()
        except UnidentifiedImageError:
            assert cut < 20
    altered = data[:-9] + bytes([data[-9] ^ 1]) + data[-8:]
    with Image.open(io.BytesIO(altered)) as image, pytest.raises(OSError, match=r"checksum|damaged"):
        image.load()
    with pytest.raises(UnidentifiedImageError):
        Image.open(io.BytesIO(b"\x90Inonsense"))


def test_what_cannot_be_saved_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="too few"):
        Image.new("RGB", (64, 64)).save(tmp_path / "a.itg", max_bytes=3, codec="fasdiff")
    with pytest.raises(ValueError, match="quality"):
        Image.new("RGB", (64, 64)).save(tmp_path / "b.itg", quality=300)
    assert not list(tmp_path.iterdir())


def test_imageio_reads_and_writes(file: Path) -> None:
    iio = pytest.importorskip("imageio.v3")
    import intaglio.imageio

    array = np.asarray(picture(64, 2))[:48]
    target = file.with_name("b.itg")
    iio.imwrite(target, array, max_bytes=700, codec="fasdiff")
    assert target.read_bytes() == file.read_bytes()
    assert iio.improps(target).shape == (48, 64, 3)
    assert np.array_equal(iio.imread(target), np.asarray(intaglio.decompress(file)))
