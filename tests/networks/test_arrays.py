"""What is written for both engines' arrays gives both the same."""

import numpy as np
import torch

from intaglio.networks import packets, walsh
from intaglio.networks.tiles import Rect, stitch
from intaglio.priors.patches import in_patches
from intaglio.priors.sampler import sample

X = np.random.default_rng(0).standard_normal((1, 3, 40, 72)).astype(np.float32)


def test_pieces_are_stitched_alike() -> None:
    ours, theirs = (
        stitch(lambda place, x=x: [2 * place.cut(x)], 40, 72, 16, 3, part=Rect(0, 0, 20, 30))[0]
        for x in (X, torch.from_numpy(X))
    )
    assert np.array_equal(ours, theirs.numpy())
    assert np.array_equal(ours[..., :32, :32], 2 * X[..., :32, :32])
    assert not ours[..., 32:, :].any()


def test_patches_are_merged_alike() -> None:
    def denoise(z, place):
        return z / 3 + place.left

    ours, theirs = (in_patches(denoise, x, tile=32, overlap=8) for x in (X, torch.from_numpy(X)))
    assert ours.dtype == np.float32
    assert np.array_equal(ours, theirs.numpy())


def test_latents_descend_alike() -> None:
    noise = X[:, ::-1].copy()
    ours = sample(lambda z, sigma: z * 0.5, X, np.array([0.3], np.float32), 4, noise)
    theirs = sample(lambda z, sigma: z * 0.5, torch.from_numpy(X), torch.tensor([0.3]), 4, torch.from_numpy(noise))
    assert np.allclose(ours, theirs.numpy(), atol=1e-6)


def test_packets_are_alike() -> None:
    assert np.allclose(walsh.analyse(X), packets.analyse(torch.from_numpy(X)).numpy(), atol=1e-5)
