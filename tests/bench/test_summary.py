"""The page of results: the same figures as the report, short, and with its plots."""

import re
from pathlib import Path

import pytest

from intaglio.bench import summary
from intaglio.bench.results import BenchError, Results

REPOSITORY = Path(__file__).parents[2]


def words(text: str) -> int:
    """Words of a Markdown page, those in the cells of tables among them."""
    return len(re.findall(r"[^\s|]+", text))


def test_a_page_of_two_reports(results: Results, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    protocol = tmp_path / "barcode.md"
    protocol.write_text("## Barcode\n\n| limit |\n|---|\n| 400 |\n")
    out = tmp_path / "docs" / "results.md"
    out.parent.mkdir()
    for key, row in list(results.rows.items()):
        if key[0] == "fasdiff":  # to where both have points: .35 at 200 bytes, avif at 424
            results.add("row", row | {"lpips": row["lpips"] - 0.25})
    summary.write([results.folder, protocol], out)
    text = out.read_text()
    assert f"`intaglio bench summary {results.folder.name} barcode.md --out results.md`" in text
    assert "## report: 3 pictures, fasdiff" in text and "2026-01-01, a machine, " in text and "fasdiff 43dcb6cb" in text
    assert re.search(r"\| fasdiff \| avif \| -5\d \[-\d+…[+-]\d+\]", text)  # a difference with its interval
    assert "| fasdiff | 400 | 0.25 | 25 |" in text and "| x | 2 | 0.150 [0.050…0.250] |" in text
    plots = re.findall(r"!\[[^]]*\]\((results/[^)]*)\)", text)
    assert plots == ["results/report-lpips.png", "results/report-psnr.png"]
    assert all((out.parent / plot).stat().st_size > 5000 for plot in plots)
    assert "## Barcode" in text and text.index("## Barcode") > text.index("## report")


def test_what_is_no_report_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="holds no report"):
        summary.write([tmp_path / "nothing"], tmp_path / "results.md")


def test_the_page_in_the_repository() -> None:
    text = (REPOSITORY / "docs/results.md").read_text("utf-8")
    assert words(text) <= 1500
    shown = {REPOSITORY / "docs" / name for name in re.findall(r"\((results/[^)]*\.png)\)", text)}
    assert shown == set((REPOSITORY / "docs/results").glob("*.png"))
