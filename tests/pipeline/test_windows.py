"""Large pictures in windows: what the whole gives, within rounding, for both codecs."""

from __future__ import annotations

import pytest
import torch

from intaglio.codecs import CODECS
from intaglio.codecs.diffusion_codec import DiffusionCodec
from intaglio.compressor.config import CompressorConfig
from intaglio.entropy.learned.coded import Coded
from intaglio.pipeline import windows
from intaglio.pipeline.model import margins
from intaglio.priors.unet import PriorConfig

DEPTH = 2
CONFIG = CompressorConfig(fine=16, coarse=16, depth=DEPTH, y=16, h=8, lf=4, vector=8, width=16, cond=16)
PRIOR = PriorConfig(fine=16, coarse=16, deep=16, depth=1, heads=2, cond=16)
ROWS, COLUMNS, TILE = 11, 20, 4  # grains


@pytest.fixture(scope="module", params=CODECS)
def model(request: pytest.FixtureRequest) -> DiffusionCodec:
    """Every weight moved from its first value, so that nothing is zero."""
    torch.manual_seed(0)
    made = CODECS[request.param].load()(CONFIG, PRIOR).eval()
    with torch.no_grad():
        for p in made.parameters():
            p.add_(0.05 * torch.randn_like(p))
    return made.requires_grad_(False)


def draw(c: int, step: int) -> torch.Tensor:
    return torch.randn(1, c, ROWS * step, COLUMNS * step, generator=torch.Generator().manual_seed(c + step))


def test_analysis_in_windows_is_the_whole(model: DiffusionCodec) -> None:
    p = draw(192, 4)
    for z in (None, draw(32, 4)):
        whole = model.compressor.analysis(p, z)
        parts = windows.analyse(model.compressor.analysis, p, margins(DEPTH)[0], z, TILE)
        for name in ("lf", "h", "vector", "y"):
            assert (getattr(parts, name) - getattr(whole, name)).abs().max() < 1e-4, name


def test_synthesis_and_guidance_in_windows_are_the_whole(model: DiffusionCodec) -> None:
    c = Coded(draw(4, 1), draw(8, 1), torch.randn(1, 8, 1, 1), draw(16, 2))
    q = torch.tensor([0.4])
    prompt, control = windows.guided(model, c, q, margins(DEPTH)[1])
    parts, of_parts = windows.guided(model, c, q, margins(DEPTH)[1], TILE)
    pairs = [(parts.latent, prompt.latent), (parts.packets, prompt.packets), (of_parts.base, control.base)]
    pairs += [*zip(of_parts.maps, control.maps), *zip(of_parts.scales, control.scales)]
    assert all(a.shape == b.shape and (a - b).abs().max() < 1e-4 for a, b in pairs)
    assert torch.equal(of_parts.cond, control.cond)


def test_a_smaller_margin_would_be_seen(model: DiffusionCodec) -> None:
    """The test above can fail: with a margin of one grain, windows differ from the whole."""
    p = draw(192, 4)
    parts = windows.analyse(model.compressor.analysis, p, 1, None, TILE)
    assert (parts.y - model.compressor.analysis(p).y).abs().max() > 1e-4
