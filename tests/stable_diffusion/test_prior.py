"""The steered prior: the library's predictions in our terms, a branch that begins in silence, and what reaches it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from intaglio.checkpoints import stable_diffusion
from intaglio.checkpoints.stable_diffusion import Checkpoint
from intaglio.codecs.bounds import LATENT_BOUND
from intaglio.codecs.cgdm_sd import CGDMOverStableDiffusion
from intaglio.codecs.fasdiff_sd import FaSDiffOverStableDiffusion
from intaglio.compressor.config import CompressorConfig
from intaglio.entropy.learned.coded import Coded
from intaglio.faces.recogniser import FaceRecogniser
from intaglio.networks.tiles import Rect
from intaglio.priors.sampler import descend
from intaglio.priors.sd_prior import StableDiffusionPrior, SteeringConfig
from intaglio.priors.sd_schedule import Schedule
from intaglio.spaces.sd_space import StableDiffusionSpace
from intaglio.spaces.space_decoder import SpaceDecoder

diffusers = pytest.importorskip("diffusers")

COMPRESSOR = CompressorConfig(fine=16, coarse=16, depth=1, y=16, h=8, lf=4, width=16, cond=16, encoder=16, latent=4)
STEERING = SteeringConfig(low=8, tokens=4, heads=2, width=16)
SCHEDULE = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "clip_sample": False}


@pytest.fixture(scope="module", params=["sd15", "sd21", "turbo"])
def of_kind(request: pytest.FixtureRequest, maker: Callable[..., Path]) -> Checkpoint:
    return stable_diffusion.load(str(maker(request.param)))


@pytest.fixture(scope="module")
def networks(of_kind: Checkpoint) -> FaSDiffOverStableDiffusion:
    torch.manual_seed(0)
    return FaSDiffOverStableDiffusion(COMPRESSOR, STEERING, of_kind, trained=True)


def coded(b: int = 1, rows: int = 2, columns: int = 2) -> Coded:
    def values(c: int, h: int, w: int) -> torch.Tensor:
        return torch.randn(b, c, h, w)

    return Coded(values(4, rows, columns), values(8, rows, columns), values(0, 1, 1), values(16, 2 * rows, 2 * columns))


@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction", "sample"])
@torch.no_grad()
def test_every_prediction_means_the_same_clean_latent(prediction: str) -> None:
    """As the library's scheduler reads it."""
    theirs = diffusers.DDIMScheduler(prediction_type=prediction, **SCHEDULE)
    theirs.set_timesteps(10)
    ours = Schedule(theirs.config)
    for step in (0, 320, 999):
        kept = theirs.alphas_cumprod[step]
        sigma = ((1 - kept) / kept).sqrt()[None]
        torch.testing.assert_close(ours.step(sigma), torch.tensor([float(step)]), atol=0.02, rtol=0)
        z, predicted = torch.randn(2, 1, 4, 8, 8)
        s = sigma[:, None, None, None]
        expected = theirs.step(predicted, step, ours.scaled(z, s)).pred_original_sample
        torch.testing.assert_close(ours.clean(predicted, z, s), expected, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("order", [1, 2])
@torch.no_grad()
def test_the_solvers_are_the_library_s(order: int) -> None:
    """DDIM and DPM-Solver++ (2M) on the library's own time steps, of a denoiser that bends."""
    if order == 1:
        theirs = diffusers.DDIMScheduler(prediction_type="sample", set_alpha_to_one=False, **SCHEDULE)
    else:
        settings = {key: value for key, value in SCHEDULE.items() if key != "clip_sample"}
        theirs = diffusers.DPMSolverMultistepScheduler(
            prediction_type="sample", algorithm_type="dpmsolver++", final_sigmas_type="sigma_min", **settings
        )
    theirs.set_timesteps(8)
    ours = Schedule(theirs.config)
    sigmas = [ours.log_sigmas[t].exp().float()[None] for t in theirs.timesteps]

    def denoise(z: torch.Tensor, sigma: torch.Tensor) -> torch.Tensor:
        return torch.tanh(z / (1 + sigma[:, None, None, None]))

    start = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(0)) * sigmas[0]
    levels, scaled, seen = iter(sigmas), ours.scaled(start, sigmas[0][:, None, None, None]), start
    for step in theirs.timesteps[:-1]:
        sigma = next(levels)
        seen = scaled * (1 + sigma.square()).sqrt()
        scaled = theirs.step(denoise(seen, sigma), step, scaled).prev_sample
    last = next(levels)
    expected = denoise(scaled * (1 + last.square()).sqrt(), last)
    torch.testing.assert_close(descend(denoise, start, sigmas, order), expected, atol=2e-3, rtol=0)


@torch.no_grad()
def test_it_begins_as_the_checkpoint(networks: FaSDiffOverStableDiffusion, of_kind: Checkpoint) -> None:
    prior, c, q = networks.prior, coded(2), torch.tensor([0.2, 0.6])
    assert isinstance(prior, StableDiffusionPrior)
    control = networks.control(c, networks.compressor.synthesis(c, q), q)
    z, sigma = torch.randn(2, 4, 8, 8), torch.tensor([0.3, 2.0])
    steered, alone = prior.denoise(z, sigma, control), prior.denoise(z, sigma)
    torch.testing.assert_close(steered, alone)
    half = of_kind.unet.down_blocks.state_dict()
    assert all(torch.equal(tensor, half[name]) for name, tensor in prior.branch.down_blocks.state_dict().items())
    assert not any(name.startswith("shared") for name in networks.state_dict())


def test_every_steering_weight_is_reached(networks: FaSDiffOverStableDiffusion, of_kind: Checkpoint) -> None:
    """By what is drawn, as soon as the layers that begin at zero have moved; the U-Net by none."""
    prior, c, q = networks.prior, coded(1, 4, 4), torch.tensor([0.3])
    trained = {**dict(networks.steering.named_parameters()), **dict(prior.named_parameters())}
    with torch.no_grad():
        for parameter in trained.values():
            if not parameter.any():
                parameter.normal_(0, 0.1)
    control = networks.control(c, networks.compressor.synthesis(c, q), q)
    networks.draw(control, q, 2, torch.randn(1, 4, 16, 16)).square().mean().backward()
    unheard = [name for name, p in trained.items() if p.grad is None or not p.grad.any()]
    assert not [name for name in unheard if not name.endswith("to_k.bias")]
    assert all(p.grad is None for p in of_kind.unet.parameters())
    networks.zero_grad()


@torch.no_grad()
def test_any_size_is_drawn_and_tokens_are_of_the_whole(networks: FaSDiffOverStableDiffusion) -> None:
    c, q = coded(1, 3, 5), torch.tensor([0.3])
    control = networks.control(c, networks.compressor.synthesis(c, q), q)
    assert networks.draw(control, q, 4, torch.randn(1, 4, 12, 20)).shape == (1, 4, 12, 20)
    window = control.window(Rect(4, 8, 12, 20))
    assert [m.shape[2:] for m in window.maps] == [(8, 12), (4, 6)]
    assert torch.equal(window.cond, control.cond)
    assert torch.equal(networks.completed(window, c).cond, networks.steering.tokens(c))


def test_identity_s_loss_reaches_the_tokens(checkpoint: Path) -> None:
    """A recogniser's cosine, through the autoencoder and the frozen U-Net."""
    loaded = stable_diffusion.load(str(checkpoint))
    torch.manual_seed(0)
    networks = FaSDiffOverStableDiffusion(COMPRESSOR, STEERING, loaded, trained=True)
    with torch.no_grad():
        for parameter in networks.steering.semantics.widen[-1].parameters():
            parameter.normal_(0, 0.1)
    c, q = coded(1, 4, 4), torch.tensor([0.3])
    prompt = networks.compressor.synthesis(c, q)
    drawn = networks.draw(networks.control(c, prompt, q), q, 1, torch.randn(1, 4, 16, 16))
    picture = networks.hold(SpaceDecoder(StableDiffusionSpace(loaded))(drawn), prompt)
    landmarks = 30 + 60 * torch.rand(1, 68, 2)
    vectors = FaceRecogniser(None).embed(picture, landmarks)
    (1 - (vectors * torch.randn(1, 512)).sum()).backward()
    assert all(p.grad is not None and p.grad.any() for p in networks.steering.semantics.widen.parameters())
    assert all(p.grad is None for net in (loaded.unet, loaded.vae) for p in net.parameters())


@torch.no_grad()
def test_cgdm_s_syntax_gates_what_is_added_and_its_bounds_hold(checkpoint: Path) -> None:
    torch.manual_seed(0)
    loaded = stable_diffusion.load(str(checkpoint))
    networks = CGDMOverStableDiffusion(replace(COMPRESSOR, vector=8), STEERING, loaded, trained=True)
    for parameter in (*networks.steering.hint.parameters(), *networks.prior.branch.controlnet_mid_block.parameters()):
        parameter.normal_()
    c, q = replace(coded(), vector=torch.randn(1, 8, 1, 1)), torch.tensor([0.3])
    prompt = networks.compressor.synthesis(c, q)
    control = networks.control(c, prompt, q)
    silent = replace(control, scales=[torch.full_like(gate, -1) for gate in control.scales])
    z, sigma = torch.randn(1, 4, 8, 8), torch.tensor([0.5])
    heard, alone = networks.prior.denoise(z, sigma, control), networks.prior.denoise(z, sigma)
    assert not torch.allclose(heard, alone)
    torch.testing.assert_close(networks.prior.denoise(z, sigma, silent), alone)
    other = networks.control(replace(c, vector=-c.vector), prompt, q)
    assert not torch.allclose(networks.prior.denoise(z, sigma, other), heard)
    drawn = networks.draw(control, q, 4, 9 * torch.randn(1, 4, 8, 8))
    assert float((drawn - prompt.latent).abs().max()) <= LATENT_BOUND + 1e-5
