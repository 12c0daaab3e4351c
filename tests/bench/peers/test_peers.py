"""Every base peer: real bytes there and back, at sides that no block divides."""

import runpy
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import features

from intaglio.bench import peers
from intaglio.bench.peers import BASES, Peer, available, overhead
from intaglio.errors import IntaglioError
from intaglio.measures.optional import Unavailable

FAKES = runpy.run_path(str(Path(__file__).parent / "fakes.py"))
fake, picture = FAKES["fake"], FAKES["picture"]


@pytest.fixture(params=BASES, scope="module")
def peer(request: pytest.FixtureRequest) -> Peer:
    """A base peer that codes nothing twice: VVC takes a second."""
    try:
        base = peers.base(request.param)
    except Unavailable as reason:
        pytest.skip(str(reason))
    files: dict[Any, bytes] = {}

    def encode(rgb: Any, setting: float) -> bytes:
        key = rgb.tobytes(), rgb.shape, setting
        if key not in files:
            files[key] = base.encode(rgb, setting)
        return files[key]

    return replace(base, encode=encode)


def few(peer: Peer) -> tuple[float, float, float]:
    """A coarse, a middling and a fine setting: of VVC no finer than a test has time for, of JPEG 2000 beyond its headers."""
    fine = {"vvc": 42.0, "jp2": 4.0}.get(peer.name, peer.settings[-1])
    return peer.settings[0], peer.settings[3], fine


def psnr(a: Any, b: Any) -> float:
    return float(10 * np.log10(255**2 / np.mean((a.astype(float) - b) ** 2)))


def test_round_trip(peer: Peer) -> None:
    rgb = picture()
    coarse, fine = (peer.encode(rgb, setting) for setting in (few(peer)[0], few(peer)[2]))
    assert len(coarse) < len(fine)
    decoded = [peer.decode(data, 37, 53) for data in (coarse, fine)]
    assert all(out.shape == (37, 53, 3) and out.dtype == np.uint8 for out in decoded)
    assert psnr(rgb, decoded[1]) > max(22, psnr(rgb, decoded[0]))  # the right way up, the right colours


def test_settings_run_from_fewest_bytes_to_most(peer: Peer) -> None:
    assert 6 <= len(peer.settings) <= 9 and peer.version
    down = peer.settings[0] > peer.settings[-1]
    assert list(peer.settings) == sorted(set(peer.settings), reverse=down)
    assert list(peer.fine) == sorted(set(peer.fine), reverse=down)
    if peer.name != "jp2":  # its rate is any number
        assert set(peer.settings) <= set(peer.fine)
    rgb = picture()
    sizes = [len(peer.encode(rgb, setting)) for setting in few(peer)]
    assert sizes == sorted(sizes) and sizes[0] < sizes[-1]


def test_greyscale_goes_in_as_one_channel(peer: Peer) -> None:
    grey = picture()[..., 1:2]
    decoded = peer.decode(peer.encode(grey, few(peer)[2]), 37, 53)
    assert decoded.shape == (37, 53, 3)
    assert psnr(grey, decoded) > 20
    assert np.ptp(decoded.astype(int), axis=2).max() <= 2


def test_a_single_pixel(peer: Peer) -> None:
    rgb = np.full((1, 1, 3), 90, np.uint8)
    assert abs(int(peer.decode(peer.encode(rgb, few(peer)[2]), 1, 1).mean()) - 90) < 12


def test_overhead_is_below_a_picture(peer: Peer) -> None:
    setting = few(peer)[2]
    assert 0 < overhead(peer, 37, 53, setting) < len(peer.encode(picture(), setting))


def test_overhead_is_of_a_flat_picture_and_computed_once() -> None:
    seen = []

    def encode(rgb: Any, setting: float) -> bytes:
        seen.append(rgb)
        return b"x" * int(setting)

    peer = Peer("counting", (5,), encode, lambda *_: picture())
    assert [overhead(peer, 4, 6, 5), overhead(peer, 4, 6, 5)] == [5, 5]
    assert len(seen) == 1 and seen[0].shape == (4, 6, 3) and (seen[0] == 128).all()


def test_available_names() -> None:
    chosen, missing = available(["jpeg", "jpeg/2", "jpeg/4 smooth grey", "jpeg grey", "jpeg*3/4"])
    names = ["jpeg", "jpeg/2", "jpeg/4 grey smooth", "jpeg grey", "jpeg*3/4"]
    assert [peer.name for peer in chosen] == names and not missing


@pytest.mark.parametrize("name", ["gif", "avif/3", "avif blurred", "", "jpegs", "avif/2 grey grey2"])
def test_unknown_names(name: str) -> None:
    with pytest.raises(
        IntaglioError, match=r"There is no peer .*: known are jpeg, webp, .*vvc, av1, each with .*/2"
    ) as error:
        available([name])
    assert repr(name) in str(error.value) and str(error.value).count(".") == 1


@pytest.mark.parametrize(
    ("name", "package"), [("jxl", "pillow-jxl-plugin"), ("heic", "pillow-heif"), ("vvc", "imageio-ffmpeg")]
)
def test_a_missing_library_is_named(name: str, package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("pillow_jxl", "pillow_heif", "imageio_ffmpeg"):
        monkeypatch.setitem(sys.modules, module, None)  # importing it fails
    chosen, missing = available([name])
    assert not chosen and package in missing[name] and "pip install 'intaglio[bench]'" in missing[name]


def test_a_pillow_without_the_format_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(features, "check", lambda feature: False)
    _, missing = available(["avif"])
    assert "libavif" in missing["avif"]


def test_the_package_imports_without_pillow() -> None:
    code = "import sys, intaglio.bench.peers; sys.exit('PIL' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
