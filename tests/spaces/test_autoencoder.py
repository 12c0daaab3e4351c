"""The autoencoder: the same as the source's, any size, any type, and no surprise from a wrong file."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from intaglio.spaces.taef2 import CHANNELS, MODEL, Autoencoder
from intaglio.spaces.taef2_blocks import NormedBlock
from intaglio.weights.tensors import FOLDER, fill, read

WEIGHTS = FOLDER / "autoencoder.safetensors"
EXPECTED = load_file(Path(__file__).parent / "expected.safetensors")
"""A 40x32 picture, its latent and its decoded picture by the source's own layers."""


@pytest.fixture(scope="module")
def autoencoder() -> Autoencoder:
    return Autoencoder.load()


@pytest.fixture(scope="module")
def picture() -> Tensor:
    return EXPECTED["picture"].float() / 255


def test_equals_the_source(autoencoder: Autoencoder, picture: Tensor) -> None:
    z = autoencoder.encode(picture)
    torch.testing.assert_close(autoencoder.denormalise(z), EXPECTED["latent"], atol=1e-4, rtol=0)
    torch.testing.assert_close(autoencoder.decode(z, clamp=False), EXPECTED["decoded"], atol=1e-4, rtol=0)


def test_constants_are_those_that_the_caches_were_made_with(autoencoder: Autoencoder) -> None:
    """All trained weights depend on them; a new measurement may not replace them."""
    assert autoencoder.mean.dtype == autoencoder.deviation.dtype == torch.float32
    sums = [float(values.double().sum()) for values in (autoencoder.mean, autoencoder.deviation)]
    assert sums == pytest.approx([0.403034, 26.949587], abs=1e-5)


def test_normalise_and_denormalise_are_inverse(autoencoder: Autoencoder) -> None:
    z = torch.randn(2, CHANNELS, 3, 5)
    torch.testing.assert_close(autoencoder.normalise(autoencoder.denormalise(z)), z)


@pytest.mark.parametrize(("height", "width"), [(1, 1), (8, 8), (17, 40), (33, 7)])
def test_any_size(autoencoder: Autoencoder, height: int, width: int) -> None:
    x = torch.rand(2, 3, height, width)
    z = autoencoder.encode(x)
    assert z.shape == (2, CHANNELS, -(-height // 8), -(-width // 8))
    decoded = autoencoder.decode(z)
    assert decoded.shape == (2, 3, 8 * z.shape[2], 8 * z.shape[3])
    assert 0 <= decoded.min() <= decoded.max() <= 1


def test_padding_repeats_the_edge(autoencoder: Autoencoder) -> None:
    x = torch.rand(1, 3, 15, 24)
    padded = torch.cat((x, x[..., -1:, :]), 2)
    assert torch.equal(autoencoder.encode(x), autoencoder.encode(padded))


def test_pictures_of_a_batch_do_not_see_each_other(autoencoder: Autoencoder) -> None:
    x = torch.rand(3, 3, 32, 32)
    z = autoencoder.encode(x)
    torch.testing.assert_close(autoencoder.encode(x[1:2]), z[1:2], atol=1e-5, rtol=0)
    torch.testing.assert_close(autoencoder.decode(z[1:2]), autoencoder.decode(z)[1:2], atol=1e-5, rtol=0)


def test_statistics_are_those_of_a_group_norm(autoencoder: Autoencoder) -> None:
    block = autoencoder.decoder.level3[0]
    assert isinstance(block, NormedBlock)
    x = torch.randn(2, 64, 6, 5) + 3  # far from mean 0, where careless variances cancel
    groups = block.widen(x).reshape(2, 4, -1).double()
    expected = torch.stack((groups.mean(2), (groups.var(2, correction=0) + 1e-5).rsqrt()), 1)
    torch.testing.assert_close(block.statistics(x).double(), expected, atol=1e-4, rtol=1e-4)


def test_bf16_agrees_and_keeps_statistics_in_fp32(autoencoder: Autoencoder, picture: Tensor) -> None:
    z, half = autoencoder.encode(picture), Autoencoder.load().to(torch.bfloat16)
    block = half.decoder.level3[0]
    assert isinstance(block, NormedBlock)
    statistics = block.statistics(torch.randn(1, 64, 6, 5).bfloat16())
    assert statistics.dtype == torch.float32 and statistics.shape == (1, 2, 4)
    assert half.encode(picture).dtype == half.decode(z).dtype == torch.float32  # the type of the argument
    assert half.decode(z.bfloat16()).dtype == torch.bfloat16
    assert (half.encode(picture) - z).square().mean().sqrt() < 0.05
    assert (half.decode(z) - autoencoder.decode(z)).square().mean().log10() * -10 > 45  # dB


def test_channels_last_agrees(autoencoder: Autoencoder, picture: Tensor) -> None:
    z = autoencoder.encode(picture.contiguous(memory_format=torch.channels_last))
    torch.testing.assert_close(z, autoencoder.encode(picture), atol=1e-5, rtol=0)


def test_weights_are_frozen_but_gradients_pass(autoencoder: Autoencoder, picture: Tensor) -> None:
    z = autoencoder.encode(picture).requires_grad_()
    autoencoder.decode(z, clamp=False).square().mean().backward()
    assert z.grad is not None
    assert z.grad.isfinite().all()
    assert z.grad.any()
    assert not any(p.requires_grad for p in autoencoder.parameters())


def test_loading_fills_every_tensor() -> None:
    model = Autoencoder()
    for tensor in model.state_dict().values():
        tensor.fill_(float("nan"))
    fill(model, read(WEIGHTS, MODEL))
    assert all(tensor.isfinite().all() for tensor in model.state_dict().values())
