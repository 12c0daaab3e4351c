"""A checkpoint's autoencoder as a latent space: the library's own results, of any size, in tiles that do not show."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from intaglio.checkpoints import stable_diffusion
from intaglio.spaces.sd_space import StableDiffusionSpace
from intaglio.train import generated

pytest.importorskip("diffusers")


@pytest.fixture(scope="module")
def space(checkpoint: Path) -> StableDiffusionSpace:
    return StableDiffusionSpace(stable_diffusion.load(str(checkpoint)))


def picture(side: int, seed: int = 5) -> torch.Tensor:
    return torch.from_numpy(np.array(generated.picture(side, seed))).permute(2, 0, 1)[None].float() / 255


@torch.no_grad()
def test_it_is_the_library_s_autoencoder(space: StableDiffusionSpace) -> None:
    x, vae = picture(64), space.shared.net
    z = space.encode(x)
    assert z.shape == (1, space.channels, 8, 8) == (1, 4, 8, 8)
    torch.testing.assert_close(z, vae.encode(2 * x - 1).latent_dist.mode() * vae.config.scaling_factor)
    drawn = vae.decode(z / vae.config.scaling_factor).sample / 2 + 0.5
    torch.testing.assert_close(space.decode(z, clamp=False), drawn)
    assert space.encode(picture(61)).shape == z.shape


@torch.no_grad()
def test_tiles_do_not_show(space: StableDiffusionSpace) -> None:
    """Other tiles make the same picture, for all go by the same statistics, which are nearly the whole picture's."""
    x = picture(320, 9)
    z = space.encode(x)
    whole = space.decode(z, clamp=False)
    tiles = [space.decode(z, tile, clamp=False) for tile in (16, 24)]
    torch.testing.assert_close(tiles[0], tiles[1], atol=1e-4, rtol=0)
    spread = float(whole.std())
    assert float((tiles[0] - whole).abs().mean()) < 0.1 * spread
    one = [space.encode(x, tile) for tile in (16, 24)]
    torch.testing.assert_close(one[0], one[1], atol=1e-4, rtol=0)
    assert float((one[0] - z).abs().mean()) < 0.1 * float(z.std())


def test_gradients_pass_and_the_autoencoder_stays(space: StableDiffusionSpace) -> None:
    z = torch.randn(1, 4, 4, 4, requires_grad=True)
    space.decode(z, clamp=False).square().mean().backward()
    assert z.grad is not None and z.grad.abs().max() > 0
    assert not any(p.requires_grad for p in space.shared.net.parameters())
