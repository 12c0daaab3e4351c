"""CGDM's claims on its networks: bounds that hold whatever is drawn, syntax whose zero is the plain decoder."""

import pytest
import torch

from intaglio.codecs.bounds import LATENT_BOUND, LOW_BOUND, near
from intaglio.codecs.cgdm import CGDM, SyntaxSynthesis
from intaglio.compressor.base_picture import base_means, base_picture
from intaglio.compressor.config import CompressorConfig
from intaglio.compressor.prompt import Prompt
from intaglio.compressor.synthesis import Synthesis
from intaglio.entropy.learned.coded import Coded
from intaglio.priors.unet import PriorConfig

CONFIG = CompressorConfig(fine=16, coarse=16, depth=1, y=16, h=8, lf=4, vector=8, width=16, cond=16)
PRIOR = PriorConfig(fine=16, coarse=16, deep=16, depth=1, heads=2, cond=16)


@pytest.fixture(scope="module")
def model() -> CGDM:
    """Every weight random and large, the generators too."""
    torch.manual_seed(5)
    made = CGDM(CONFIG, PRIOR).eval()
    with torch.no_grad():
        for p in made.parameters():
            p.add_(0.1 * torch.randn_like(p))
    return made.requires_grad_(False)


def coded(seed: int, height: int = 2, width: int = 3) -> Coded:
    rng = torch.Generator().manual_seed(seed)
    draw = lambda *shape: torch.randn(1, *shape, generator=rng)  # noqa: E731
    return Coded(draw(4, height, width), draw(8, height, width), draw(8, 1, 1), draw(16, 2 * height, 2 * width))


def prompt(model: CGDM, c: Coded) -> Prompt:
    made: Prompt = model.compressor.synthesis(c, torch.tensor([0.5]))
    return made


@pytest.mark.parametrize("realism", [0.0, 0.3, 1.0])
def test_latents_stay_within_the_bound(model: CGDM, realism: float) -> None:
    c, q = coded(0), torch.tensor([0.5])
    base = prompt(model, c)
    noise = 100 * torch.randn(1, 32, 8, 12, generator=torch.Generator().manual_seed(0))
    for steps in (1, 4):
        z = model.draw(model.control(c, base, q), q, steps, noise, realism)
        assert (z - base.latent).abs().max() <= realism * LATENT_BOUND + 1e-5
    wild = base.latent + 50 * torch.randn_like(base.latent)
    assert (near(wild, base.latent) - base.latent).abs().max() == pytest.approx(LATENT_BOUND, abs=1e-5)


@pytest.mark.parametrize("realism", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("kind", ["noise", "black", "stripes", "base"])
def test_low_bands_stay_within_the_bound(model: CGDM, realism: float, kind: str) -> None:
    p = prompt(model, coded(1))
    x = {
        "noise": 3 * torch.randn(1, 3, 64, 96, generator=torch.Generator().manual_seed(0)),
        "black": torch.full((1, 3, 64, 96), -40.0),
        "stripes": (torch.arange(96) // 8 % 2 * 20.0).expand(1, 3, 64, 96).contiguous(),
        "base": base_picture(p),
    }[kind]
    held = model.hold(x, p, realism)
    strayed = (torch.nn.functional.avg_pool2d(held, 8) - base_means(p)).abs().max()
    assert strayed <= realism * LOW_BOUND + 1e-4
    if kind == "base":
        assert (held - x).abs().max() < 1e-4  # what is right is left alone


def test_zero_syntax_is_the_plain_decoder(model: CGDM) -> None:
    c = coded(2)
    c.vector = torch.zeros_like(c.vector)
    synthesis = model.compressor.synthesis
    assert isinstance(synthesis, SyntaxSynthesis)
    plain = Synthesis(CONFIG).eval()
    plain.load_state_dict({k: v for k, v in synthesis.state_dict().items() if k in plain.state_dict()})
    q = torch.tensor([0.5])
    assert torch.equal(synthesis(c, q).packets, plain(c, q).packets)
    c.vector = torch.ones_like(c.vector)
    assert (synthesis(c, q).packets - plain(c, q).packets).abs().max() > 0.01


def test_syntax_moves_the_gates(model: CGDM) -> None:
    c, other = coded(3), coded(3)
    other.vector = -c.vector
    base, q = prompt(model, c), torch.tensor([0.5])
    gates, others = (model.control(k, base, q).scales for k in (c, other))
    assert all((a - b).abs().max() > 0.01 for a, b in zip(gates, others))
    assert all(a.abs().max() <= 1 for a in gates)


def test_large_latents_are_drawn_in_patches(model: CGDM) -> None:
    c = coded(4, 33, 9)  # 132 x 36 latents: two patches
    base, q = prompt(model, c), torch.tensor([0.5])
    noise = torch.randn(1, 32, 132, 36, generator=torch.Generator().manual_seed(1))
    twice = [model.draw(model.control(c, base, q), q, 4, noise) for _ in range(2)]
    assert torch.equal(*twice)
    assert twice[0].shape == (1, 32, 132, 36)
