"""Tiles equal the whole, and reach exactly as far as the constants say."""

import copy

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from intaglio.spaces import lean_decoder as lean
from intaglio.spaces import taef2 as latent
from intaglio.spaces import tiling
from intaglio.spaces.taef2 import FACTOR, REACH, Autoencoder


@pytest.fixture(scope="module")
def autoencoder() -> Autoencoder:
    return Autoencoder.load()


def assert_equal(found: Tensor, expected: Tensor) -> None:
    """Within the rounding of fp32."""
    torch.testing.assert_close(found, expected, atol=2e-5, rtol=0)


def scene(height: int, width: int) -> Tensor:
    """A picture, dark on the left and bright on the right, so that no part of it has the statistics of the whole."""
    coarse = torch.rand(1, 3, height // 8, width // 8, generator=torch.Generator().manual_seed(1))
    picture = F.interpolate(coarse, (height, width), mode="bicubic")
    return (0.5 * picture + torch.linspace(-0.3, 0.7, width)).clamp(0, 1)


def test_encoding_a_tile(autoencoder: Autoencoder) -> None:
    x = scene(32, 8 * 48)
    whole, statistics = autoencoder.encode(x), autoencoder.encoder_statistics(x)
    tile = x[..., (20 - REACH) * FACTOR : (26 + REACH) * FACTOR]
    inside = slice(REACH, REACH + 6)
    assert_equal(autoencoder.encode(tile, statistics)[..., inside], whole[..., 20:26])
    assert (autoencoder.encode(tile)[..., inside] - whole[..., 20:26]).abs().max() > 1e-3


def test_decoding_a_tile(autoencoder: Autoencoder) -> None:
    z = autoencoder.encode(scene(32, 8 * 48))
    whole, statistics = autoencoder.decode(z, clamp=False), autoencoder.decoder_statistics(z)
    tile = z[..., 20 - REACH : 26 + REACH]
    expected, inside = whole[..., 20 * FACTOR : 26 * FACTOR], slice(REACH * FACTOR, (REACH + 6) * FACTOR)
    assert_equal(autoencoder.decode(tile, statistics, clamp=False)[..., inside], expected)
    assert (autoencoder.decode(tile, clamp=False)[..., inside] - expected).abs().max() > 1e-3


def test_whole_pictures_in_tiles(autoencoder: Autoencoder) -> None:
    x = scene(80, 144)[..., :77, :139]
    z = autoencoder.encode(x)
    assert_equal(tiling.encode(autoencoder, x, tile=8), z)
    assert_equal(tiling.decode(autoencoder, z, tile=8), autoencoder.decode(z))


def test_lean_pictures_in_tiles(autoencoder: Autoencoder) -> None:
    model = lean.LeanDecoder.from_reference(autoencoder).requires_grad_(False)
    torch.nn.init.normal_(model.head.weight, std=0.05)
    z = torch.randn(1, 32, 2, 48)
    assert_equal(tiling.in_tiles(model, z, margin=lean.REACH, tile=5), model(z))


# A number that is none goes through every convolution as far as that reaches, and no further (in fp64, which no library
# computes by way of transformed blocks): what it has touched is what depends on it.


def test_reach_of_the_encoder(autoencoder: Autoencoder) -> None:
    model, x = copy.deepcopy(autoencoder).double(), scene(8, 8 * 48).double()
    statistics = model.encoder_statistics(x)
    for pixel in (8 * 24, 8 * 24 + 7):
        broken = x.clone()
        broken[..., pixel] = torch.nan
        touched = model.encode(broken, statistics).isnan().any(1)[0, 0]
        assert touched.tolist() == [abs(FACTOR * i - pixel) <= latent.ENCODER_REACH for i in range(48)]
        outer = model.encoder.outer(broken).isnan().any(1)[0, 0]
        assert outer.tolist() == [abs(FACTOR * i - pixel) <= latent.OUTER_ENCODER_REACH for i in range(48)]


def test_reach_of_the_decoder(autoencoder: Autoencoder) -> None:
    model, z = copy.deepcopy(autoencoder).double(), torch.randn(1, 32, 1, 48, dtype=torch.float64)
    statistics = model.decoder_statistics(z)
    z[..., 24] = torch.nan
    touched = model.decode(z, statistics).isnan().any(1)[0, 0].view(48, FACTOR).any(1)  # by the latent they lie in
    assert touched.tolist() == [abs(i - 24) <= latent.DECODER_REACH for i in range(48)]
    features = torch.zeros(1, 64, 1, 48, dtype=torch.float64)
    features[..., 24] = torch.nan
    outer = model.decoder.outer(features).isnan().any(1)[0, 0].view(48, FACTOR).any(1)
    assert outer.tolist() == [abs(i - 24) <= latent.OUTER_DECODER_REACH for i in range(48)]


def test_reach_of_the_lean_decoder() -> None:
    model, z = lean.LeanDecoder().double().requires_grad_(False), torch.randn(1, 32, 1, 48, dtype=torch.float64)
    z[..., 24] = torch.nan
    touched = model(z).isnan().any(1)[0, 0].view(48, FACTOR).any(1)
    assert touched.tolist() == [abs(i - 24) <= lean.REACH for i in range(48)]
