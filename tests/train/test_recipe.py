"""Recipes are read strictly: what means nothing is said in a sentence that names the file."""

from pathlib import Path

import pytest

from intaglio.train import recipe
from intaglio.train.stages.joint_stage import JointStageConfig
from intaglio.train.stages.registry import STAGES
from intaglio.train.training_errors import RecipeError

CONFIGS = Path(__file__).parents[2] / "configs"


@pytest.mark.parametrize(("name", "stream", "rounds"), [("fasdiff", 1, 12), ("cgdm", 2, 11), ("smoke", 255, 2)])
def test_recipes_of_the_repository(name: str, stream: int, rounds: int) -> None:
    codec = recipe.read(CONFIGS / f"{name}.toml")
    assert codec.stream == stream
    assert len(codec.rounds) == rounds
    assert list(codec.rounds[-1].stages) == ["joint" if name == "smoke" else "border"]


def test_there_is_a_recipe_a_codec_and_a_rehearsal_of_every_stage() -> None:
    assert sorted(path.stem for path in CONFIGS.iterdir()) == ["cgdm", "fasdiff", "fasdiff-sd", "smoke"]
    assert list(recipe.read(CONFIGS / "smoke.toml").rounds[0].stages) == list(STAGES)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(
        """
        codec = "cgdm"
        [caches.people]
        [caches.things]
        least = 400
        others = true
        [[rounds]]
        start = "fasdiff"
        blend = 1
        [rounds.joint]
        steps = 3
        lean = true
        pictures = { people = 0.25, things = 1 }
        [rounds.prior]
        steps = 4
        """
    )
    codec = recipe.read(path)
    (only,) = codec.rounds
    assert list(only.stages) == ["joint", "prior"]  # in the order of the file
    assert only.stages["joint"] == JointStageConfig(steps=3, lean=True, pictures={"people": 0.25, "things": 1.0})
    assert (only.start, only.blend) == ("fasdiff", 1.0)
    assert codec.caches["things"] == recipe.CacheConfig(least=400, others=True)


ROUND = "codec = 'cgdm'\n[[rounds]]\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("codec = ", "is no TOML file"),
        ("codec = 'cgdm'\nbatches = 3", "unknown key 'batches'; known are codec, rounds, caches"),
        ("codec = 'cgdm'", "rounds is missing"),
        ("codec = 'cgdm'\nrounds = []", "at least one"),
        ("codec = 3", "codec must be a string, not 3"),
        ("codec = 'x'\n[[rounds]]", "codec must be one of fasdiff, cgdm"),
        (ROUND + "steps = 3", r"rounds 1: unknown key 'steps'; known are seed, start, blend, encoder, .*joint"),
        (ROUND + "stages = 3", "unknown key 'stages'"),
        (ROUND + "joint = 3", "rounds 1 joint must be a table"),
        (ROUND + "start = 'jpeg'", "can start from a codec"),
        (ROUND + "[[rounds]]\nstart = 'fasdiff'", "the first round alone"),
        (ROUND + "[rounds.joint]", "rounds 1 joint: steps is missing"),
        (ROUND + "[rounds.joint]\nsteps = true", "steps must be an integer, not True"),
        (ROUND + "[rounds.joint]\nsteps = 0", "must be at least 1"),
        (ROUND + "[rounds.joint]\nsteps = 1\ncrop = 40", "crop must be at most 32"),
        (ROUND + "[rounds.joint]\nsteps = 1\npictures = 'all'", "pictures must be a table"),
        (ROUND + "[rounds.joint]\nsteps = 1\npictures = { mine = 1 }", "there is no cache 'mine'; known are pictures"),
        # A key of another stage:
        (ROUND + "[rounds.prior]\nsteps = 3\nend_to_end = true", "rounds 1 prior: unknown key 'end_to_end'"),
        (ROUND + "[rounds.control]\nsteps = 3\npixels = 9", "rounds 1 control: unknown key 'pixels'"),
        (ROUND + "[rounds.encoder]\nsteps = 3\nlow = 0.5", "rounds 1 encoder: unknown key 'low'"),
    ],
)
def test_errors_name_the_file(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(RecipeError, match=rf"mine\.toml.*{said}"):
        recipe.read(path)
