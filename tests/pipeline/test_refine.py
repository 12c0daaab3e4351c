"""Online optimisation: models with gradients that count as the files do, and files that get better, never larger."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from intaglio.codec import Codec
from intaglio.compressor.objective import errors, lam
from intaglio.entropy.fixed import ACTIVATION
from intaglio.entropy.learned.coded import Coded
from intaglio.entropy.learned.fourpass_net import bits
from intaglio.entropy.learned.thaw import ThawedFourPass, floats, thaw
from intaglio.pipeline.annealing import Annealed, anneal
from intaglio.pipeline.coding import Goal
from intaglio.pipeline.encoder import encode
from intaglio.pipeline.model import Model
from intaglio.pipeline.original import Original
from intaglio.pipeline.refine import cost
from intaglio.train.generated import picture
from intaglio.weights import codec_file

CPU = torch.device("cpu")
INDEX = 160
LOW = 60  # without escapes, which the models with gradients do not know


@pytest.fixture(scope="module")
def image() -> Image.Image:
    return Image.fromarray(np.asarray(picture(64, 2)))


@pytest.fixture(scope="module")
def original(image: Image.Image) -> Original:
    return Original(np.asarray(image))


def test_thawed_models_count_what_files_take(tiny_model: Model, original: Original) -> None:
    payload, values = tiny_model.stream.encode(tiny_model.analyse(original, 0), LOW)
    entropy = thaw(tiny_model.weights.entropy)
    exact = Coded.of(values.floats(), CPU, torch.float32)
    hats, bits = entropy(exact, torch.tensor([LOW / 255]), torch.round)
    for name in entropy.names:
        assert (getattr(hats, name) - getattr(exact, name)).abs().max() < 0.02
    assert float(sum(bits.values())) / 8 == pytest.approx(len(payload), rel=0.05, abs=3)


def test_thawed_models_code_faces_finer(tiny_model: Model) -> None:
    rng = np.random.default_rng(0)
    side = rng.integers(0, 4 << ACTIVATION, (tiny_model.weights.entropy["focus.0.weight"].shape[1], 4, 6))
    exact = tiny_model.stream.qualities(side, LOW, False)
    local = thaw(tiny_model.weights.entropy).qualities(floats(side, ACTIVATION)[None], torch.tensor([LOW / 255]))
    assert exact is not None and local is not None and exact.min() < exact.max() - 10
    assert np.abs(255 * local[0].numpy() - exact).max() <= 1


@pytest.mark.parametrize("cold", [0.5, 0.05])
def test_annealed_rounding_is_between_floor_and_ceiling(cold: float) -> None:
    rounding = Annealed(0)
    rounding.temperature = cold
    x = torch.linspace(-3, 3, 4001)
    soft = rounding(x)
    assert ((soft >= x.floor()) & (soft <= x.floor() + 1)).all()
    assert (soft - soft.round()).abs().mean() < 0.3 * cold
    assert (soft - x).mean().abs() < 0.05  # neither side is favoured


def test_effort_lowers_the_objective(tiny_model: Model, original: Original) -> None:
    z, p = tiny_model.latent(original, 0).float(), tiny_model.packets(original, 0)
    plain, refined = (encode(tiny_model, original, Goal(INDEX, effort=effort)) for effort in (0, 4))
    costs = [cost(tiny_model, coding, z, p, count_bytes=True) for coding in (plain, refined)]
    assert costs[1] < 0.99 * costs[0]
    assert refined == encode(tiny_model, original, Goal(INDEX, effort=4))  # the same again


def test_effort_keeps_to_the_budget(tiny_codec: Codec, image: Image.Image) -> None:
    data = tiny_codec.compress(image, max_bytes=700, effort=3)
    assert len(data) <= 700
    assert tiny_codec.decompress(data, steps=1).size == image.size


def test_more_effort_is_less_error_in_the_same_bytes() -> None:
    """It was more than none, but the less the longer the search: what it saved was spent by undoing it."""
    model, original = Model(codec_file.read("cgdm"), device="cpu"), Original(np.asarray(picture(96, 5)))
    z, p = model.latent(original, 0).float(), model.packets(original, 0)
    codings = [encode(model, original, Goal(0, lambda scale: 400, effort)) for effort in (0, 2, 6)]
    error = [cost(model, coding, z, p, count_bytes=False) for coding in codings]
    assert error[0] > error[1] > error[2] and error[2] < 0.98 * error[0]


@pytest.mark.parametrize("name", ["fasdiff", "cgdm"])
def test_tiles_are_refined_one_by_one(name: str, tiny: Path, tiny_cgdm: Path, original: Original) -> None:
    weights = codec_file.read(name, tiny if name == "fasdiff" else tiny_cgdm)
    model = Model(weights, decoder="reference", device="cpu")
    z, p = model.latent(original, 0).float(), model.packets(original, 0)
    plain = Coded.of(model.analyse(original, 0), CPU, torch.float32)
    shares: list[float] = []
    entropy, synthesis = model.searchable
    whole, tiled = (anneal(entropy, synthesis, plain, z, p, INDEX, 20, shares.append, tile=tile) for tile in (2, 1))
    assert sum(shares) == pytest.approx(2)
    assert torch.equal(whole.vector, plain.vector) == (name == "fasdiff")  # which has none
    assert torch.equal(tiled.vector, plain.vector)  # no tile sees what the vector does elsewhere
    q = torch.tensor([INDEX / 255])

    def objective(c: Coded) -> float:
        hats, bits = entropy(c, q, torch.round)
        return float(sum(bits.values()) + 64 * z.shape[2] * z.shape[3] * lam(q) * errors(synthesis(hats, q), z, p))

    assert objective(whole) < 0.995 * objective(plain)
    assert objective(tiled) < 0.995 * objective(plain)
    assert (tiled.y != plain.y).flatten(2).any(2).sum() == (whole.y != plain.y).flatten(2).any(2).sum()


def test_what_annealed_rounding_expects_to_pay() -> None:
    entropy = ThawedFourPass.__new__(ThawedFourPass)
    index = torch.tensor(20.0)
    at = [float(entropy.count(torch.tensor(v), index)) for v in (0.0, 0.25, 1.0)]
    assert at[0] == pytest.approx(float(bits(torch.tensor(0.0), index)))
    assert at[1] == pytest.approx(0.75 * at[0] + 0.25 * at[2])
