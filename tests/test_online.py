"""Online optimisation: models with gradients that count as the files do, and files that get better, never larger."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from intaglio.codec import Codec
from intaglio.compressor.compressor import Coded
from intaglio.compressor.objective import lam
from intaglio.entropy.fixed import ACTIVATION
from intaglio.entropy.learned.fourpass_net import bits
from intaglio.entropy.learned.thaw import Thawed, ThawedFourPass, floats
from intaglio.pipeline import refine as online
from intaglio.train.generated import picture

INDEX = 160
LOW = 60  # without escapes, which the models with gradients do not know


@pytest.fixture(scope="module")
def image() -> Image.Image:
    return Image.fromarray(np.asarray(picture(64, 2)))


def test_thawed_models_count_what_files_take(tiny_codec: Codec, image: Image.Image) -> None:
    codec = tiny_codec._codec
    tensors = codec.analyse(codec.features(np.asarray(image)), 0)
    payload, values = codec.stream.encode(tensors, LOW)
    entropy = Thawed(codec.weights.entropy)
    exact = Coded(**{k: torch.from_numpy(v)[None] for k, v in values.floats().items()})
    hats, bits = entropy(exact, torch.tensor([LOW / 255]), torch.round)
    for name in entropy.four:
        assert (getattr(hats, name) - getattr(exact, name)).abs().max() < 0.02
    assert float(bits) / 8 == pytest.approx(len(payload), rel=0.05, abs=3)


def test_thawed_models_code_faces_finer(tiny_codec: Codec) -> None:
    codec = tiny_codec._codec
    rng = np.random.default_rng(0)
    side = rng.integers(0, 4 << ACTIVATION, (codec.weights.entropy["focus.0.weight"].shape[1], 4, 6))
    exact = codec.stream._local(side, LOW, False)
    local = Thawed(codec.weights.entropy)._local(floats(side, ACTIVATION)[None], torch.tensor([LOW / 255]))
    assert exact is not None and local is not None and exact.min() < exact.max() - 10
    assert np.abs(255 * local[0].numpy() - exact).max() <= 1


@pytest.mark.parametrize("cold", [0.5, 0.05])
def test_annealed_rounding_is_between_floor_and_ceiling(cold: float) -> None:
    rounding = online.Annealed(0)
    rounding.temperature = cold
    x = torch.linspace(-3, 3, 4001)
    soft = rounding(x)
    assert ((soft >= x.floor()) & (soft <= x.floor() + 1)).all()
    assert (soft - soft.round()).abs().mean() < 0.3 * cold
    assert (soft - x).mean().abs() < 0.05  # neither side is favoured


def test_effort_lowers_the_objective(tiny_codec: Codec, image: Image.Image) -> None:
    codec = tiny_codec._codec
    features = codec.features(np.asarray(image))
    z, p = features.latent(0, codec.autoencoder).float(), features(0)
    plain, refined = (codec.compress(features, INDEX, None, effort) for effort in (0, 4))
    cost = [codec._cost(r, z, p, count_bytes=True) for r in (plain, refined)]
    assert cost[1] < 0.99 * cost[0]
    assert refined == codec.compress(features, INDEX, None, 4)  # the same again


def test_effort_keeps_to_the_budget(tiny_codec: Codec, image: Image.Image) -> None:
    data = tiny_codec.compress(image, max_bytes=700, effort=3)
    assert len(data) <= 700
    assert tiny_codec.decompress(data, steps=1).size == image.size


def test_more_effort_is_less_error_in_the_same_bytes() -> None:
    """It was more than none, but the less the longer the search: what it saved was spent by undoing it."""
    codec = Codec("cgdm", device="cpu")._codec
    features = codec.features(np.asarray(picture(96, 5)))
    z, p = features.latent(0, codec.autoencoder).float(), features(0)
    results = [codec.compress(features, None, 400, effort) for effort in (0, 2, 6)]
    errors = [codec._cost(result, z, p, count_bytes=False) for result in results]
    assert errors[0] > errors[1] > errors[2] and errors[2] < 0.98 * errors[0]


@pytest.mark.parametrize("name", ["fasdiff", "cgdm"])
def test_tiles_are_refined_one_by_one(name: str, tiny: Path, tiny_cgdm: Path, image: Image.Image) -> None:
    codec = Codec(name, weights=tiny if name == "fasdiff" else tiny_cgdm, decoder="reference", device="cpu")._codec
    features = codec.features(np.asarray(image))
    z, p = features.latent(0, codec.autoencoder).float(), features(0)
    plain = Coded(**{k: torch.from_numpy(v)[None] for k, v in codec.analyse(features, 0).items()})
    shares: list[float] = []
    entropy, synthesis = codec._trainable
    whole, tiled = (
        online.refine(entropy, synthesis, plain, z, p, INDEX, 20, shares.append, tile=tile) for tile in (2, 1)
    )
    assert sum(shares) == pytest.approx(2)
    assert torch.equal(whole.vector, plain.vector) == (name == "fasdiff")  # which has none
    assert torch.equal(tiled.vector, plain.vector)  # no tile sees what the vector does elsewhere
    q = torch.tensor([INDEX / 255])

    def cost(c: Coded) -> float:
        hats, bits = entropy(c, q, torch.round)
        return float(bits + 64 * z.shape[2] * z.shape[3] * lam(q) * online.errors(synthesis, hats, q, z, p))

    assert cost(whole) < 0.995 * cost(plain)
    assert cost(tiled) < 0.995 * cost(plain)
    assert (tiled.y != plain.y).flatten(2).any(2).sum() == (whole.y != plain.y).flatten(2).any(2).sum()


def test_what_annealed_rounding_expects_to_pay() -> None:
    entropy = ThawedFourPass.__new__(ThawedFourPass)
    index = torch.tensor(20.0)
    at = [float(entropy.count(torch.tensor(v), index)) for v in (0.0, 0.25, 1.0)]
    assert at[0] == pytest.approx(float(bits(torch.tensor(0.0), index)))
    assert at[1] == pytest.approx(0.75 * at[0] + 0.25 * at[2])
