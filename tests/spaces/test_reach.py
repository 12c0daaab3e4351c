"""Pictures in tiles equal the whole, and what is local reaches exactly as far as the constants say."""

import copy

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from intaglio.networks.tiles import stitch
from intaglio.spaces import lean_decoder, taef2
from intaglio.spaces.taef2 import FACTOR, Autoencoder


@pytest.fixture(scope="module")
def autoencoder() -> Autoencoder:
    return Autoencoder.load()


def scene(height: int, width: int) -> Tensor:
    """A picture, dark on the left and bright on the right, so that no part of it has the statistics of the whole."""
    coarse = torch.rand(1, 3, height // 8, width // 8, generator=torch.Generator().manual_seed(1))
    picture = F.interpolate(coarse, (height, width), mode="bicubic")
    return (0.5 * picture + torch.linspace(-0.3, 0.7, width)).clamp(0, 1)


def test_whole_pictures_in_tiles(autoencoder: Autoencoder) -> None:
    x = scene(80, 144)[..., :77, :139]
    z = autoencoder.encode(x)
    torch.testing.assert_close(autoencoder.encode(x, tile=8), z, atol=2e-5, rtol=0)
    torch.testing.assert_close(autoencoder.decode(z, tile=8), autoencoder.decode(z), atol=2e-5, rtol=0)


def test_lean_pictures_in_tiles(autoencoder: Autoencoder) -> None:
    model = lean_decoder.LeanDecoder.from_reference(autoencoder).requires_grad_(False)
    torch.nn.init.normal_(model.head.weight, std=0.05)
    z = torch.randn(1, 32, 2, 48)
    (x,) = stitch(lambda place: [model(place.cut(z))], 2, 48, 5, lean_decoder.REACH)
    torch.testing.assert_close(x, model(z), atol=2e-5, rtol=0)


# A number that is none goes through every convolution as far as that reaches, and no further (in fp64, which no library
# computes by way of transformed blocks): what it has touched is what depends on it.


def test_reach_of_the_outer_encoder(autoencoder: Autoencoder) -> None:
    model, x = copy.deepcopy(autoencoder).double(), scene(8, 8 * 48).double()
    for pixel in (8 * 24, 8 * 24 + 7):
        broken = x.clone()
        broken[..., pixel] = torch.nan
        touched = model.encoder.outer(broken).isnan().any(1)[0, 0]
        assert touched.tolist() == [abs(FACTOR * i - pixel) <= taef2.OUTER_ENCODER_REACH for i in range(48)]


def test_reach_of_the_outer_decoder(autoencoder: Autoencoder) -> None:
    features = torch.zeros(1, 64, 1, 48, dtype=torch.float64)
    features[..., 24] = torch.nan
    pixels = copy.deepcopy(autoencoder).double().decoder.outer(features).isnan().any(1)[0, 0]
    touched = pixels.view(48, FACTOR).any(1)  # by the latent they lie in
    assert touched.tolist() == [abs(i - 24) <= taef2.OUTER_DECODER_REACH for i in range(48)]


def test_reach_of_the_lean_decoder() -> None:
    model = lean_decoder.LeanDecoder().double().requires_grad_(False)
    z = torch.randn(1, 32, 1, 48, dtype=torch.float64)
    z[..., 24] = torch.nan
    touched = model(z).isnan().any(1)[0, 0].view(48, FACTOR).any(1)
    assert touched.tolist() == [abs(i - 24) <= lean_decoder.REACH for i in range(48)]
