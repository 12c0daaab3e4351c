"""The documents keep what they promise: links lead somewhere, Python compiles, commands parse, and there is not too much of it."""

from __future__ import annotations

import ast
import re
import shlex
from pathlib import Path

import pytest

import intaglio
from intaglio.cli import bench, main, train

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")] + sorted(ROOT.glob("docs/**/*.md"))
WRITTEN = [
    page
    for page in PAGES
    if "docs" in page.parts and not page.match("docs/results*") and not page.match("docs/results/*")
]
WORDS = 18_000  # of the pages that people write


def blocks(page: Path, language: str) -> list[str]:
    """What stands between fences of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE)


def anchors(page: Path) -> set[str]:
    """Of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target, anchor in re.findall(r"\]\(([^)#\s]*)(?:#([^)\s]*))?\)", page.read_text()):
        if target.startswith("http"):
            continue
        place = page.parent / target if target else page
        assert place.exists(), target
        assert not anchor or anchor in anchors(place), f"{target}#{anchor}"


def test_python_compiles_and_names_exist() -> None:
    programs = [block for page in PAGES for block in blocks(page, "python")]
    assert len(programs) >= 6
    for program in programs:
        for node in ast.walk(ast.parse(program)):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "intaglio":
                assert hasattr(intaglio, node.attr), node.attr


def commands() -> list[list[str]]:
    """Every line of a plain block that calls `intaglio`, as a shell would split it, from there on."""
    lines = [line for page in PAGES for block in blocks(page, "") for line in block.splitlines()]
    calls = [re.search(r"(?:^|\| )(?:[A-Z_]+=\S+ )?intaglio (.*)", line) for line in lines]
    return [shlex.split(re.split(r" [>|] ", call[1])[0], comments=True) for call in calls if call]


def test_commands_parse() -> None:
    """With the parsers that the command uses; nothing runs."""
    lines = commands()
    assert len(lines) >= 30
    for line in lines:
        match line:
            case ["bench", *rest]:
                bench.parser().parse_args(rest)
            case ["train", *rest]:
                train.parser().parse_args(rest)
            case _:
                main.parser().parse_args(line)


def test_there_is_not_too_much_of_it() -> None:
    words = {str(page): len(page.read_text().split()) for page in WRITTEN}
    assert sum(words.values()) <= WORDS, words
