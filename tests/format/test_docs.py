"""docs/format.md says what the code does."""

from intaglio.format.docs import PARTS, PATH, renew, table


def test_document_is_up_to_date() -> None:
    text = PATH.read_text("utf-8")
    assert f"<!-- header -->\n{table()}\n<!-- /header -->" in text
    assert renew(text) == text, "run `python -m intaglio.format.docs`"


def test_every_part_is_in_the_document() -> None:
    text = PATH.read_text("utf-8")
    for part in PARTS.values():
        assert part() in text
