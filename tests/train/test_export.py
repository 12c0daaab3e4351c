"""Wavelet packets, and entropy nets in integers against the ones that were trained."""

import numpy as np
import pytest
import torch

from intaglio.compressor.compressor import Compressor, CompressorConfig
from intaglio.entropy.learned import freeze as export
from intaglio.entropy.stream import SECTIONS, Stream
from intaglio.networks import packets

TINY = CompressorConfig(fine=16, coarse=24, depth=1, y=16, h=8, lf=4, vector=8, width=16, cond=16)


def test_packets_are_orthonormal() -> None:
    assert torch.allclose(packets.MATRIX @ packets.MATRIX.T, torch.eye(64), atol=1e-6)
    torch.manual_seed(0)
    a, b = torch.rand(2, 2, 3, 16, 24)
    assert torch.allclose(packets.synthesise(packets.analyse(a)), a, atol=1e-6)
    distance = (packets.analyse(a) - packets.analyse(b)).square().mean()
    assert distance.item() == pytest.approx((a - b).square().mean().item(), rel=1e-5)


def test_integers_agree_with_the_trained_nets() -> None:
    torch.manual_seed(0)
    model = Compressor(TINY).eval()
    x, z, quality = torch.rand(1, 3, 64, 64), torch.randn(1, 32, 8, 8), 160
    tensors = export.tensors(model, z, x)[0]
    arrays = export.integers(model)
    stream = Stream(arrays, {})
    payload, values = stream.encode(tensors, quality)
    assert all(np.array_equal(getattr(values, n), getattr(stream.decode(payload, quality, 2, 2), n)) for n in SECTIONS)
    with torch.inference_mode():
        hats, _ = model.quantise(model.analyse(z, packets.analyse(x - 0.5)), torch.tensor([quality / 255]))
    for name, found in values.floats().items():
        wanted = getattr(hats, name)[0].numpy()
        assert np.mean(np.abs(found.reshape(wanted.shape) - wanted) < 0.02) > 0.97, name


def test_weights_out_of_range_are_refused() -> None:
    model = Compressor(TINY)
    with torch.no_grad():
        model.y_model.hidden[0].weight[0, 0] = 9.0
    with pytest.raises(ValueError, match="out of the fixed-point range"):
        export.integers(model)
