"""The lean decoder: within its budget of work and bytes, started from the reference, trainable."""

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from intaglio.spaces.lean_decoder import TYPICAL_STATISTICS, LeanDecoder
from intaglio.spaces.taef2 import Autoencoder
from intaglio.spaces.taef2_blocks import NormedBlock


@pytest.fixture(scope="module")
def autoencoder() -> Autoencoder:
    return Autoencoder.load()


@pytest.fixture
def model(autoencoder: Autoencoder) -> LeanDecoder:
    return LeanDecoder.from_reference(autoencoder)


def test_work(model: LeanDecoder) -> None:
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model.to("meta")(torch.zeros(1, 32, 32, 32, device="meta"))
    assert 6e9 < counter.get_total_flops() <= 12e9  # of a 256x256 picture


def test_it_is_small_in_fp16(model: LeanDecoder) -> None:
    assert 2 * sum(p.numel() for p in model.parameters()) <= 2_000_000  # bytes


@pytest.mark.parametrize(("height", "width"), [(1, 1), (2, 7), (5, 4)])
def test_any_size(model: LeanDecoder, height: int, width: int) -> None:
    assert model(torch.randn(2, 32, height, width)).shape == (2, 3, 8 * height, 8 * width)


def test_starts_as_the_reference_at_typical_statistics(autoencoder: Autoencoder, model: LeanDecoder) -> None:
    """Block by block: each is the reference's where the picture's statistics are the typical ones."""
    x = torch.randn(1, 64, 6, 5)
    for ours, theirs, typical in zip(model.level3, autoencoder.decoder.level3, torch.tensor(TYPICAL_STATISTICS)):
        assert isinstance(theirs, NormedBlock)
        scale, shift = (s[..., None, None] for s in theirs.affine(typical[None]))
        normed = torch.relu(theirs.widen(x) * scale + shift)
        torch.testing.assert_close(ours(x), theirs.block(x + theirs.narrow(normed)), atol=1e-4, rtol=1e-4)


def test_bf16_agrees(model: LeanDecoder) -> None:
    torch.nn.init.normal_(model.head.weight, std=0.02)
    z = torch.randn(1, 32, 8, 8)
    with torch.no_grad():
        expected = model(z)
        found = model.to(torch.bfloat16)(z)
        assert model(z.bfloat16()).dtype == torch.bfloat16
    assert found.dtype == torch.float32
    assert (found - expected).square().mean().log10() * -10 > 45  # dB


def test_training_lowers_the_error(autoencoder: Autoencoder, model: LeanDecoder) -> None:
    """Eight steps on one latent; every weight takes part."""
    z = torch.randn(1, 32, 4, 4, generator=torch.Generator().manual_seed(0))
    x, optimiser, losses = autoencoder.decode(z), torch.optim.Adam(model.parameters(), 2e-3), []
    for _ in range(8):
        loss = (model(z) - x).abs().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.95 * losses[0]
    assert all(p.grad is not None and p.grad.any() for p in model.parameters())
