"""Recipes are read strictly."""

from pathlib import Path

import pytest

from intaglio.train import recipe as config

CONFIGS = Path(__file__).parents[2] / "configs"


ALL = ["encoder", "compressor", "prior", "lean", "control", "joint"]


@pytest.mark.parametrize(
    ("name", "stream", "stages"),
    [
        ("fasdiff", 1, ALL),
        ("fasdiff-second", 1, ["lean", "compressor", "control", "joint"]),
        ("fasdiff-further", 1, ["joint"]),
        ("cgdm-further", 2, ["joint"]),
        ("cgdm", 2, ["compressor", "control", "joint"]),
        ("smoke", 255, ALL),
    ],
)
def test_recipes_of_the_repository(name: str, stream: int, stages: list[str]) -> None:
    recipe = config.load(CONFIGS / f"{name}.toml")
    assert recipe.stream == stream
    assert list(recipe.stages) == stages


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("codec = 'x'\nbatches = 3", "unknown key 'batches'"),
        ("codec = 'x'\n[stages.prior]\nsteps = 3\nbatches = 3", r"\[stages.prior\]: unknown key 'batches'"),
        ("codec = 3", "codec must be str"),
    ],
)
def test_errors_name_the_file(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(ValueError, match=rf"mine\.toml.*{said}"):
        config.load(path)
