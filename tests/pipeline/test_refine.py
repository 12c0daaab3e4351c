"""Online optimisation: models with gradients that count as the files do, and files that get better, never larger."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from intaglio.codec import Codec
from intaglio.entropy.fixed import ACTIVATION
from intaglio.entropy.learned.coded import Coded
from intaglio.entropy.learned.fourpass_net import bits
from intaglio.entropy.learned.thaw import ThawedFourPass, floats, thaw
from intaglio.faces.recogniser import TEMPLATE
from intaglio.measures.sight import Look, Person, Sight
from intaglio.networks.layout import frozen
from intaglio.pipeline import refine
from intaglio.pipeline.annealing import Annealed
from intaglio.pipeline.coding import Goal
from intaglio.pipeline.encoder import encode
from intaglio.pipeline.likeness import Likeness
from intaglio.pipeline.model import Model
from intaglio.pipeline.original import Original
from intaglio.pipeline.refine import Refinement, refined
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


@pytest.mark.parametrize("focus", [False, True])
def test_thawed_models_code_faces_finer(tiny_model: Model, focus: bool) -> None:
    rng = np.random.default_rng(0)
    side = rng.integers(0, 4 << ACTIVATION, (tiny_model.weights.entropy["focus.0.weight"].shape[1], 4, 6))
    exact = tiny_model.stream.qualities(side, LOW, focus)
    entropy = thaw(tiny_model.weights.entropy)
    local = entropy.qualities(floats(side, ACTIVATION)[None], torch.tensor([LOW / 255]), focus)
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


@pytest.fixture(scope="module")
def sight() -> Sight:
    """With random weights."""
    torch.manual_seed(0)
    return frozen(Sight(Look(), Person()))


def refinement(model: Model, original: Original, goal: Goal, sight: Sight) -> Refinement:
    """Of the coding that effort starts from."""
    coding = encode(model, original, replace(goal, effort=0))
    return Refinement(model, original, coding, model.analyse(original, coding.scale), goal, sight)


@pytest.mark.parametrize("focus", [False, True])
def test_effort_lowers_the_objective(tiny_model: Model, original: Original, sight: Sight, focus: bool) -> None:
    search = refinement(tiny_model, original, Goal(INDEX, effort=4, focus=focus), sight)
    before, shares = search.cost, list[float]()
    search.run(shares.append)
    assert search.cost < 0.995 * before
    assert sum(shares) == pytest.approx(1)
    again = refinement(tiny_model, original, Goal(INDEX, effort=4, focus=focus), sight)
    again.run(lambda share: None)
    assert again.best == search.best and again.best.focus == focus


def test_effort_keeps_to_the_budget(tiny_codec: Codec, image: Image.Image) -> None:
    data = tiny_codec.compress(image, max_bytes=700, effort=3)
    assert len(data) <= 700
    assert tiny_codec.decompress(data, steps=1).size == image.size


def test_more_effort_is_less_error_in_the_same_bytes(sight: Sight) -> None:
    """It was more than none, but the less the longer the search: what it saved was spent by undoing it."""
    model, original = Model(codec_file.read("cgdm"), device="cpu"), Original(np.asarray(picture(96, 5)))
    costs = []
    for effort in (1, 5):
        search = refinement(model, original, Goal(0, lambda scale: 400, effort), sight)
        costs.append(search.cost)
        search.run(lambda share: None)
        assert len(search.best.payload) <= 400
        costs.append(search.cost)
    assert costs[0] == costs[2] >= costs[1] > costs[3]


def test_stopped_it_keeps_the_best_until_then(
    tiny_model: Model, original: Original, sight: Sight, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(vars(tiny_model), "sight", sight)
    goal = Goal(INDEX, effort=4)
    plain, shares = encode(tiny_model, original, Goal(INDEX)), list[float]()

    def advance(share: float) -> None:
        shares.append(share)
        if sum(shares) > 0.9:
            raise KeyboardInterrupt

    with pytest.warns(UserWarning, match="stopped"):
        coding = refined(tiny_model, original, plain, tiny_model.analyse(original, 0), goal, advance)
    assert coding != plain and sum(shares) < 1
    assert encode(tiny_model, original, goal) == plain  # in a hurry
    original.hurry = False


@pytest.mark.parametrize("name", ["fasdiff", "cgdm"])
def test_tiles_are_refined_one_by_one(
    name: str, tiny: Path, tiny_cgdm: Path, original: Original, sight: Sight, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = Model(codec_file.read(name, tiny if name == "fasdiff" else tiny_cgdm), device="cpu")
    whole = refinement(model, original, Goal(INDEX, effort=4), sight)
    monkeypatch.setattr(refine, "TILE", 1)
    tiled, shares = refinement(model, original, Goal(INDEX, effort=4), sight), list[float]()
    vector = tiled.whole["vector"].clone()
    assert len(whole.places) == 1 and len(tiled.places) == 4
    before = tiled.cost
    tiled.run(shares.append)
    assert sum(shares) == pytest.approx(1)
    assert tiled.cost < before
    assert torch.equal(tiled.whole["vector"], vector)  # no tile sees what the vector does elsewhere


def test_a_face_counts_where_it_is(tiny_model: Model, original: Original, sight: Sight) -> None:
    _, drawing = tiny_model.searchable
    x, z, p = tiny_model.picture(original, 0), tiny_model.latent(original, 0).float(), tiny_model.packets(original, 0)
    points = torch.tensor(TEMPLATE)[None] / 2
    c = Coded.of(tiny_model.analyse(original, 0), CPU, torch.float32)
    c.y.requires_grad_()
    q = tiny_model.quality(INDEX)
    with tiny_model.autocast():
        likeness = Likeness(drawing, sight, x, z, p, q, points)
        (slope,) = torch.autograd.grad(likeness.terms(c, q, likeness.views)["identity"], c.y)
        assert slope.abs().max() > 0
        nobody = Likeness(drawing, sight, x, z, p, q, points[:0])
        assert "identity" not in nobody.terms(c, q, nobody.views)
    with torch.no_grad(), tiny_model.autocast():
        turns = torch.stack([likeness.error(c, turn) for turn in range(4)])
        verdict = likeness.verdict(c, q)
    assert len(set(turns.tolist())) == 4
    assert float(turns.mean()) == pytest.approx(verdict, rel=1e-3)


def test_what_annealed_rounding_expects_to_pay() -> None:
    entropy = ThawedFourPass.__new__(ThawedFourPass)
    index = torch.tensor(20.0)
    at = [float(entropy.count(torch.tensor(v), index)) for v in (0.0, 0.25, 1.0)]
    assert at[0] == pytest.approx(float(bits(torch.tensor(0.0), index)))
    assert at[1] == pytest.approx(0.75 * at[0] + 0.25 * at[2])
