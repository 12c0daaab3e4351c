"""The package as a whole: what it promises to callers, what it costs to start, what it carries."""

import inspect
import operator
import os
import re
import subprocess
import sys
import time
import tomllib
from dataclasses import fields
from importlib.resources import files
from pathlib import Path

import pytest

import intaglio
from intaglio import CompressOptions, DecompressOptions, errors
from intaglio.weights.released import LICENCE

ROOT = Path(__file__).parent.parent
PROJECT = ROOT / "pyproject.toml"
HEAVY = {"torch", "numpy", "PIL", "safetensors", "constriction", "rich"}


def python(*arguments: str) -> str:
    """Runs another interpreter that finds this package, and returns what it prints."""
    source = str(Path(intaglio.__file__).parent.parent)
    done = subprocess.run(
        [sys.executable, *arguments],
        env={**os.environ, "PYTHONPATH": source},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def loaded(statement: str) -> set[str]:
    return set(python("-c", f"import sys\n{statement}\nprint(*sys.modules)").split())


@pytest.mark.parametrize(
    "statement", ["import intaglio", "import intaglio.cli.main", "from intaglio import IntaglioError"]
)
def test_nothing_heavy_is_imported_before_it_is_needed(statement: str) -> None:
    assert not HEAVY & loaded(statement)


def test_pictures_need_no_torch() -> None:
    assert "torch" not in loaded("import intaglio.image, intaglio.files")


def test_reading_a_header_needs_no_torch() -> None:
    statement = "import intaglio\ntry: intaglio.inspect(b'no file')\nexcept intaglio.FormatError: pass"
    assert not {"torch", "rich"} & loaded(statement)


def test_help_costs_at_most_a_fifth_of_a_second_more_than_python() -> None:
    def seconds(*arguments: str) -> float:
        start = time.perf_counter()
        python(*arguments)
        return time.perf_counter() - start

    # The best of five each: what else the machine does is not ours.
    bare = min(seconds("-c", "pass") for _ in range(5))
    assert min(seconds("-m", "intaglio", "--help") for _ in range(5)) - bare < 0.2


def test_public_names_are_frozen() -> None:
    assert sorted(intaglio.__all__) == [
        "BudgetError",
        "Codec",
        "CompressOptions",
        "Corrupt",
        "DecompressOptions",
        "FormatError",
        "IntaglioError",
        "LimitExceeded",
        "MissingModel",
        "NewerVersion",
        "NotIntaglio",
        "OptionError",
        "PictureError",
        "WeightsError",
        "compress",
        "decompress",
        "inspect",
    ]
    for name in intaglio.__all__:
        assert name in dir(intaglio)
        assert callable(getattr(intaglio, name))
    with pytest.raises(AttributeError, match="nonsense"):
        getattr(intaglio, "nonsense")  # noqa: B009


def test_public_options_are_frozen() -> None:
    options = {cls: {f.name: f.default for f in fields(cls)} for cls in (CompressOptions, DecompressOptions)}
    assert options == {
        CompressOptions: {
            "quality": 50, "max_bytes": None, "effort": 0, "focus": "auto", "bare": False,
            "page": None, "background": "white", "max_side": None, "frame": None,
        },
        DecompressOptions: {
            "steps": 4, "realism": 1.0, "seed": 0, "box": None, "bare": False, "length": None,
            "salvage": False, "max_pixels": 64_000_000, "max_bytes": 64_000_000, "max_seconds": None,
        },
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("compress", ["image", "options", "codec", "keywords"]),
        ("decompress", ["data", "options", "keywords"]),
        ("inspect", ["data", "sections", "bare", "length", "max_pixels"]),
        ("Codec", ["name", "decoder", "device", "weights", "features"]),
        ("Codec.compress", ["self", "image", "options", "progress", "keywords"]),
        ("Codec.decompress", ["self", "data", "options", "progress", "keywords"]),
    ],
)
def test_public_parameters_are_frozen(name: str, parameters: list[str]) -> None:
    assert list(inspect.signature(operator.attrgetter(name)(intaglio)).parameters) == parameters


def test_the_tree_of_errors_is_the_one_drawn() -> None:
    assert errors.__doc__ is not None
    for name, error in vars(errors).items():
        if inspect.isclass(error):
            assert issubclass(error, errors.IntaglioError)
            assert name in errors.__doc__
            assert name in intaglio.__all__


def test_the_portrait_and_the_marker_for_types_are_in_the_package() -> None:
    assert (files("intaglio") / "data" / "astronaut.png").is_file()
    assert (files("intaglio") / "py.typed").is_file()


def test_the_coder_is_pinned_and_constraints_cover_what_is_needed() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert "constriction==0.5.0" in project["dependencies"]
    pinned = {line.split("==")[0] for line in (ROOT / "constraints.txt").read_text().splitlines() if "==" in line}
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    names = {wish.split(">")[0].split("=")[0] for wish in wanted if "[" not in wish}
    assert names <= pinned


def test_hashes_are_of_the_versions_that_constraints_name() -> None:
    pinned = dict(line.split("==") for line in (ROOT / "constraints.txt").read_text().splitlines() if "==" in line)
    text = (ROOT / "requirements.lock").read_text()
    locked = dict(re.findall(r"^([\w-]+)==([^ ]+)", text, re.MULTILINE))
    needed = {
        wish.split(">")[0].split("=")[0] for wish in tomllib.loads(PROJECT.read_text())["project"]["dependencies"]
    }
    assert {name: locked.get(name) for name in needed} == {name: pinned[name] for name in needed}
    assert len(re.findall(r"^[\w-]+==", text, re.MULTILINE)) <= len(re.findall(r"--hash=sha256:[0-9a-f]{64}", text))


def test_the_licence_of_the_weights_is_where_people_look() -> None:
    project = tomllib.loads(PROJECT.read_text())["project"]
    assert "LicenseRef-Intaglio-Weights-Research-Only" in project["license"]
    for path in project["license-files"]:
        assert (ROOT / path).is_file()
    notices = (ROOT / "THIRD_PARTY_NOTICES.md").read_text() + (files("intaglio") / "weights/LICENSE.md").read_text()
    for weights in (ROOT / "src/intaglio/weights").glob("*.safetensors"):
        assert notices.count(weights.name) >= 2
    for text in (python("-m", "intaglio", "--version"), (ROOT / "THIRD_PARTY_NOTICES.md").read_text(), LICENCE):
        assert "research only" in text


def test_files_have_names_of_their_own_and_are_short() -> None:
    sources = [path for path in (ROOT / "src" / "intaglio").rglob("*.py") if path.name != "__init__.py"]
    names = [path.name for path in sources]
    twice = {name for name in names if names.count(name) > 1}
    assert not twice
    long = {path.name: lines for path in sources if (lines := len(path.read_text().splitlines())) > 300}
    assert not long
