"""The documents hold: links lead somewhere, Python compiles and names what exists, commands parse, and it is not too much."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import intaglio
import intaglio.testing
from intaglio.cli import bench, main, train

REPOSITORY = Path(__file__).parents[1]
DOCS = sorted((REPOSITORY / "docs").rglob("*.md"))
PAGES = [REPOSITORY / "README.md", *DOCS]
GUIDES = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs" / "guides").glob("*.md"))]
MOST = 15_000  # words in docs
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
NAME = re.compile(r"\bintaglio\.([A-Za-z_]\w*)")
COMMAND = re.compile(r"\bintaglio (?=[a-z]+(?: |$))[^|>\n]*")


def blocks(page: Path, *languages: str) -> Iterator[str]:
    """The fenced blocks of a page in one of the languages; "" for a block that names none."""
    return (text for language, text in BLOCK.findall(page.read_text("utf-8")) if language in languages)


def commands(page: Path) -> Iterator[str]:
    """Every line of the command in a page's blocks, without comments and without what it is piped into."""
    for text in blocks(page, "", "sh"):
        for line in text.splitlines():
            yield from COMMAND.findall(line.partition("#")[0])


def parse(command: str) -> None:
    """Reads a command's words by its own parser, which ends the process where it does not know them."""
    _, name, *words = shlex.split(command)
    if name in ("train", "bench"):
        {"train": train, "bench": bench}[name].parser().parse_args(words)
    else:
        main.parser().parse_args([name, *words])


def ids(page: Path) -> str:
    return str(page.relative_to(REPOSITORY))


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_links_lead_somewhere(page: Path) -> None:
    targets = [link.partition("#")[0] for link in LINK.findall(page.read_text("utf-8")) if "://" not in link]
    missing = [target for target in targets if target and not (page.parent / target).exists()]
    assert not missing


@pytest.mark.parametrize("page", GUIDES, ids=ids)
def test_python_compiles_and_names_what_exists(page: Path) -> None:
    for code in blocks(page, "python"):
        compile(code, str(page), "exec")
        unknown = [name for name in NAME.findall(code) if not hasattr(intaglio, name)]
        assert not unknown


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_commands_parse(page: Path, complaint: Callable[[], str]) -> None:
    for command in commands(page):
        try:
            parse(command)
        except SystemExit:
            pytest.fail(f"{command}: {complaint()}")


@pytest.fixture
def complaint(capsys: pytest.CaptureFixture[str]) -> Callable[[], str]:
    """What a parser said before it gave up."""
    return lambda: capsys.readouterr().err.strip().rpartition("\n")[2]


def test_a_wrong_command_is_noticed() -> None:
    with pytest.raises(SystemExit):
        parse("intaglio compress portrait.jpg --byte-s 400")


def test_commands_are_found() -> None:
    assert sum(len(list(commands(page))) for page in GUIDES) > 30


def test_docs_are_short_enough() -> None:
    assert sum(len(page.read_text("utf-8").split()) for page in DOCS) <= MOST
