"""Wavelet packets, and entropy nets in integers against the ones that were trained."""

import numpy as np
import pytest
import torch

from intaglio.compressor.compressor import Compressor
from intaglio.compressor.config import CompressorConfig
from intaglio.entropy.learned import freeze
from intaglio.entropy.learned.entropy_model import EntropyModel
from intaglio.entropy.stream import SECTIONS, Stream
from intaglio.errors import WeightsError
from intaglio.networks import packets
from intaglio.train.pack import tensors

TINY = CompressorConfig(fine=16, coarse=24, depth=1, y=16, h=8, lf=4, vector=8, width=16, cond=16)


def compressor() -> tuple[Compressor, EntropyModel]:
    model = Compressor(TINY, lean_encoder=False, trained=True).eval()
    assert model.entropy is not None
    return model, model.entropy


def test_packets_are_orthonormal() -> None:
    assert torch.allclose(packets.MATRIX @ packets.MATRIX.T, torch.eye(64), atol=1e-6)
    torch.manual_seed(0)
    a, b = torch.rand(2, 2, 3, 16, 24)
    assert torch.allclose(packets.synthesise(packets.analyse(a)), a, atol=1e-6)
    distance = (packets.analyse(a) - packets.analyse(b)).square().mean()
    assert distance.item() == pytest.approx((a - b).square().mean().item(), rel=1e-5)


def test_integers_agree_with_the_trained_nets() -> None:
    torch.manual_seed(0)
    model, entropy = compressor()
    x, z, quality = torch.rand(1, 3, 64, 64), torch.randn(1, 32, 8, 8), 160
    stream = Stream(freeze.integers(entropy), {})
    payload, values = stream.encode(tensors(model, z, x)[0], quality)
    decoded = stream.decode(payload, quality, 2, 2)
    assert all(np.array_equal(getattr(values, name), getattr(decoded, name)) for name in SECTIONS)
    with torch.inference_mode():
        hats, _ = entropy(model.analyse(z, packets.analyse(x - 0.5)), torch.tensor([quality / 255]))
    for name, integers in values.floats().items():
        floats = getattr(hats, name)[0].numpy()
        assert np.mean(np.abs(integers.reshape(floats.shape) - floats) < 0.02) > 0.97, name


def test_weights_out_of_range_are_refused() -> None:
    _, entropy = compressor()
    with torch.no_grad():
        entropy.model("y").hidden[0].weight[0, 0] = 9.0  # type: ignore[index, union-attr]
    with pytest.raises(WeightsError, match="out of the fixed-point range"):
        freeze.integers(entropy)
