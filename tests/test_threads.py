"""One codec, and several, used from several threads at once: the same files and pictures as one after the other."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import intaglio
from intaglio import Codec
from intaglio.train.generated import picture

THREADS, ROUNDS = 4, 3
SIZES = ((64, 64), (33, 70), (96, 40), (20, 20))  # more than a packed convolution keeps layouts for


@pytest.fixture(scope="module")
def images() -> list[Image.Image]:
    return [Image.fromarray(picture(96, i)).resize(size) for i, size in enumerate(SIZES)]


def there_and_back(codec: Codec, image: Image.Image, effort: int = 0) -> tuple[bytes, bytes]:
    """A file, and what it is drawn as."""
    data = codec.compress(image, max_bytes=700, effort=effort)
    return data, np.asarray(codec.decompress(data, steps=2)).tobytes()


@pytest.mark.parametrize("effort", [0, 1])
def test_one_codec_in_several_threads(tiny: Path, images: list[Image.Image], effort: int) -> None:
    jobs = images * ROUNDS
    one_by_one = [there_and_back(Codec("fasdiff", weights=tiny, device="cpu"), image, effort) for image in images]
    shared = Codec("fasdiff", weights=tiny, device="cpu")
    with ThreadPoolExecutor(THREADS) as pool:
        at_once = list(pool.map(lambda image: there_and_back(shared, image, effort), jobs))
    assert at_once == one_by_one * ROUNDS


def test_several_codecs_in_several_threads(tiny: Path, tiny_cgdm: Path, images: list[Image.Image]) -> None:
    codecs = [Codec("fasdiff", weights=tiny, device="cpu"), Codec("cgdm", weights=tiny_cgdm, device="cpu")]
    jobs = [(codec, image) for image in images for codec in codecs]
    one_by_one = [there_and_back(*job) for job in jobs]
    with ThreadPoolExecutor(THREADS) as pool:
        assert list(pool.map(lambda job: there_and_back(*job), jobs)) == one_by_one


def test_a_codec_goes_to_another_process(tiny: Path, images: list[Image.Image]) -> None:
    """As a worker of a pool gets it: it is made anew there."""
    codec = Codec("fasdiff", weights=tiny, decoder="reference", device="cpu")
    wanted = there_and_back(codec, images[0])
    assert there_and_back(pickle.loads(pickle.dumps(codec)), images[0]) == wanted
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        assert pool.submit(codec.compress, images[0], max_bytes=700).result() == wanted[0]


FORKED = """
import multiprocessing, sys
import torch
torch.set_num_threads(2)
from intaglio import Codec
from intaglio.train.generated import picture
codec = Codec("fasdiff", weights=sys.argv[1], device="cpu")
def job():
    codec.decompress(codec.compress(picture(256, 1), quality=50), steps=1)
job()
child = multiprocessing.get_context("fork").Process(target=job)
child.start()
child.join(30)
code = child.exitcode
child.kill()
sys.exit(0 if code == 0 else 1)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_child_goes_on_where_its_parent_used_the_codec(tiny: Path) -> None:
    paths = {"PYTHONPATH": os.pathsep.join(sys.path), "OMP_NUM_THREADS": "2"}
    subprocess.run([sys.executable, "-c", FORKED, tiny], env=os.environ | paths, check=True, timeout=90)


def test_the_functions_in_several_threads(installed: None, images: list[Image.Image]) -> None:
    with ThreadPoolExecutor(THREADS) as pool:
        files = list(pool.map(lambda image: intaglio.compress(image, codec="fasdiff", quality=60), images))
        drawn = list(pool.map(lambda data: intaglio.decompress(data, steps=1), files))
    assert [image.size for image in drawn] == [image.size for image in images]
