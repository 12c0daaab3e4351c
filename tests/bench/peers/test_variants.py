"""Variants: smaller, smoother, without colour; against a codec of a few lines and JPEG."""

import runpy
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from intaglio.bench.peers import Peer, available
from intaglio.bench.peers.variants import SCALES, grey, scaled, smooth, variant
from intaglio.measures.measure import Rgb

FAKES = runpy.run_path(str(Path(__file__).parent / "fakes.py"))
fake, picture = FAKES["fake"], FAKES["picture"]


def spy() -> tuple[Peer, list[Rgb]]:
    seen: list[Rgb] = []

    def encode(rgb: Rgb, setting: float) -> bytes:
        seen.append(rgb)
        return fake().encode(rgb, setting)

    return Peer("fake", (1, 4), encode, fake().decode, fine=tuple(range(1, 65))), seen


@pytest.mark.parametrize(
    ("scale", "shape"), [("*3/4", (27, 39)), ("/2", (18, 26)), ("*3/8", (13, 19)), ("/4", (9, 13))]
)
def test_scaled_codes_fewer_pixels(scale: str, shape: tuple[int, int]) -> None:
    peer, seen = spy()
    small = scaled(peer, SCALES[scale])
    assert small.name == f"fake{scale}"
    assert small.decode(small.encode(picture(), 4), 37, 53).shape == (37, 53, 3)
    assert seen[0].shape == (*shape, 3)


def test_scaled_settings_are_of_the_fine_scale_from_its_coarse_end() -> None:
    settings = scaled(fake(), Fraction(1, 2)).settings
    assert (
        6 <= len(settings) <= 9 and settings[0] == 1 and 45 <= settings[-1] <= 55 and list(settings) == sorted(settings)
    )


def test_smooth_takes_grain_away_and_keeps_the_mean() -> None:
    peer, seen = spy()
    rgb = picture()
    smooth(peer).encode(rgb, 4)
    assert np.abs(np.diff(seen[0].astype(int), axis=1)).mean() < 0.8 * np.abs(np.diff(rgb.astype(int), axis=1)).mean()
    assert abs(seen[0].mean() - rgb.mean()) < 1


def test_grey_codes_one_channel_and_gives_three_equal_ones() -> None:
    peer, seen = spy()
    out = grey(peer).decode(grey(peer).encode(picture(), 4), 37, 53)
    assert seen[0].shape == (37, 53, 1)
    assert out.shape == (37, 53, 3) and (out == out[..., :1]).all() and np.ptp(out) > 0


def test_a_picture_without_colours_keeps_its_values() -> None:
    peer, seen = spy()
    ramp = np.repeat(np.arange(256, dtype=np.uint8).reshape(16, 16, 1), 3, axis=2)
    grey(peer).encode(ramp, 4)
    assert (seen[0] == ramp[..., :1]).all()


@pytest.mark.parametrize("name", ["jpeg grey", "webp grey", "jp2 grey", "webp/2 grey smooth", "jpeg*3/8 grey"])
def test_grey_of_real_peers(name: str) -> None:
    (peer,), _ = available([name])
    out = peer.decode(peer.encode(picture(), peer.settings[-1]), 37, 53)
    assert out.shape == (37, 53, 3) and (out == out[..., :1]).all() and np.ptp(out) > 50


def test_all_at_once_smooths_last_at_the_coded_size() -> None:
    peer, seen = spy()
    rgb = picture()
    variant(peer, "/2", ("smooth", "grey")).encode(rgb, 4)
    variant(peer, "/2", ("grey",)).encode(rgb, 4)
    assert variant(peer, "/2", ("smooth", "grey")).name == "fake/2 grey smooth"
    assert seen[0].shape == seen[1].shape == (18, 26, 1)
    assert np.abs(np.diff(seen[0].astype(int), axis=1)).mean() < np.abs(np.diff(seen[1].astype(int), axis=1)).mean()


def test_names_combine_in_any_order() -> None:
    assert scaled(grey(fake()), Fraction(1, 4)).name == "fake/4 grey"
    assert smooth(scaled(fake(), Fraction(1, 2))).name == "fake/2 smooth"


def test_a_side_never_vanishes() -> None:
    (peer,), _ = available(["jpeg/4"])
    assert peer.decode(peer.encode(picture()[:3, :5], 50), 3, 5).shape == (3, 5, 3)
