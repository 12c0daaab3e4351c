"""Training goes on from a weights file: what was integers is networks again."""

import numpy as np
import pytest
import torch

from intaglio.codecs import CODECS
from intaglio.entropy.fixed import ACTIVATION
from intaglio.entropy.learned import freeze
from intaglio.train import unpack
from intaglio.weights import codec_file

UNIT = 1 << ACTIVATION


@pytest.mark.parametrize("codec", CODECS)
def test_they_count_bits_alike_in_bf16(codec: str) -> None:
    """Entropy models that came back with weights that cancel did not, and training began with noise."""
    torch.manual_seed(0)
    model = unpack.unpack(codec_file.read(codec)).compressor.eval()
    z, p, q = torch.randn(1, 32, 8, 8), 0.1 * torch.randn(1, 192, 8, 8), torch.tensor([0.5])
    with torch.no_grad():
        plain = sum(model(z, p, q)[2].values())
        with torch.autocast("cpu", torch.bfloat16):
            rounded = sum(model(z, p, q)[2].values())
    torch.testing.assert_close(rounded, plain, rtol=0.05, atol=0)


@pytest.mark.parametrize("codec", CODECS)
def test_released_weights_come_back_as_they_were(codec: str) -> None:
    released = codec_file.read(codec)
    torch.manual_seed(0)
    model = unpack.unpack(released)
    assert model.compressor.entropy is not None
    again = freeze.integers(model.compressor.entropy)
    for name, wanted in released.entropy.items():
        if name.startswith(("tables.", "focus.")):  # fitted anew
            continue
        error = np.abs(again[name].astype(np.int64) - wanted.astype(np.int64)).max()
        if name.endswith("quality"):
            assert error < 0.02 * UNIT, name
        elif name.endswith((".gain", ".inverse", ".offset")):
            assert error <= max(1, 0.005 * np.abs(wanted.astype(np.int64)).max()), name
        else:
            assert error == 0, name
    state, arrays = model.state_dict(), released.networks.arrays
    assert all(torch.equal(state[k], torch.from_numpy(a.astype(np.float32))) for k, a in arrays.items())
    assert all(p.requires_grad for p in model.compressor.entropy.parameters())
