"""The report: all in one file, and alive in a browser."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from intaglio.bench import comparisons, plots, report
from intaglio.bench.results import Results

Pictures = dict[str, NDArray[np.uint8]]


def test_worst_cases_come_first(results: Results) -> None:
    assert report.worst(results.curves(), ["fasdiff"], results.run["measures"][1], ["a", "b", "c"]) == ["c", "b", "a"]


def test_tables_of_rates(results: Results) -> None:
    rows = comparisons.differences(results)
    assert {(r["against"], r["measure"]) for r in rows} == {("avif", "PSNR (dB)"), ("avif", "LPIPS (AlexNet)")}
    rows = comparisons.equal(results, comparisons.byte_points(results))
    lpips = {(r["codec"], r["bytes"]): r["lpips"] for r in rows}
    assert lpips["fasdiff", 250] == pytest.approx(0.6 - 0.1 * np.log(1.25) / np.log(2), abs=1e-3)
    assert ("fasdiff", 1000) not in lpips  # beyond what was run


def test_bytes_for_the_same_identity(results: Results) -> None:
    assert comparisons.bytes_for(results) == []  # no faces were measured
    results.run["measures"] = [*results.run["measures"], {"name": "identity", "title": "", "lower": True, "note": ""}]
    for row in results.rows.values():
        row["identity"] = 0.75 - row["counted"] / 1000
    ours, avif = comparisons.bytes_for(results)
    assert ours["bytes for identity 0.5"] == 238 and ours["bytes for identity 0.3"] is None  # 200 * 2 ** .25
    assert 300 < avif["bytes for identity 0.4"] < 400 and avif["bytes for identity 0.5"] is None


def test_measures_by_group(results: Results) -> None:
    groups = {(row["codec"], row["group"]): row for row in comparisons.grouped(results)}
    assert groups["fasdiff", "x"]["pictures"] == 2 and groups["fasdiff", "y"]["pictures"] == 1
    assert groups["fasdiff", "y"]["lpips"].startswith("0.700")
    assert "identity" not in groups["avif", "x"]


def test_plots(results: Results, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    others = [{"codec": "x", "measure": "lpips", "points": [[1.0, 0.5], [2.0, 0.3]]}]
    lpips, file = results.run["measures"][1], tmp_path / "plots" / "lpips.png"
    plots.draw(results.curves(), lpips, ["fasdiff"], file)
    plain = file.read_bytes()
    plots.draw(results.curves(), lpips, ["fasdiff"], file, others)
    assert len(plain) > 5000 and file.read_bytes() != plain
    plots.draw(results.curves(), results.run["measures"][0], ["fasdiff"], file, others)  # of another measure
    psnr = file.read_bytes()
    plots.draw(results.curves(), results.run["measures"][0], ["fasdiff"], file)
    assert file.read_bytes() == psnr


def test_the_page_holds_its_data(results: Results, pictures: Pictures, tmp_path: Path) -> None:
    page = tmp_path / "index.html"
    report.write(report.gather(results, pictures, results.folder), page)
    text = page.read_text()
    assert "http://" not in text.replace("http://www.w3.org/2000/svg", "") and "https://" not in text
    inside = re.search(r'<script id="data" type="application/json">(.*?)</script>', text, re.DOTALL)
    assert inside is not None
    data = json.loads(inside[1])
    assert [s["name"] for s in data["shown"]] == ["c", "b", "a"]
    assert len(data["shown"][0]["shots"]) == 7 and data["shown"][0]["shots"][0]["src"].startswith("data:image/webp")


PROBE = """
<script>
const errors = []; addEventListener("error", e => errors.push(e.message));
addEventListener("load", () => {
  const curves = document.querySelectorAll("path.curve").length;
  slider.value = 20; slider.dispatchEvent(new Event("input"));
  const clip = over.style.clipPath;
  document.querySelector("#points th:nth-child(3)").click();
  const sorted = [...document.querySelectorAll("#points td:nth-child(3)")].map(cell => Number(cell.textContent));
  measure.value = "lpips"; measure.dispatchEvent(new Event("change"));
  of.value = "b"; of.dispatchEvent(new Event("change"));
  const single = document.querySelectorAll("path.curve").length;
  document.querySelector("circle").dispatchEvent(new PointerEvent("pointermove", {clientX: 5, clientY: 5}));
  document.body.dataset.probe = JSON.stringify({curves, clip, sorted, single, tip: tip.textContent, errors,
    shown: over.naturalWidth, note: note.textContent});
});
</script>
"""


QUIET = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync",
    "--disable-component-update", "--no-first-run", "--enable-logging=stderr", "--virtual-time-budget=5000",
]  # fmt: skip


def test_in_a_browser(results: Results, pictures: Pictures, tmp_path: Path) -> None:
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("no Chromium here (Debian: apt install chromium)")
    page = tmp_path / "index.html"
    report.write(report.gather(results, pictures, results.folder), page)
    page.write_text(page.read_text().replace("<h1", PROBE + "<h1", 1))
    process = subprocess.run(
        [browser, *QUIET, f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", page.as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert "CONSOLE" not in process.stderr, process.stderr
    probed = re.search(r'data-probe="([^"]*)"', process.stdout)
    assert probed is not None, process.stdout[-2000:]
    probe = json.loads(probed[1].replace("&quot;", '"').replace("&lt;", "<").replace("&gt;", ">"))
    assert probe["errors"] == []
    assert probe["curves"] == probe["single"] == 3
    assert probe["clip"] == "inset(0px 80% 0px 0px)"
    assert probe["sorted"] == sorted(probe["sorted"]) and len(probe["sorted"]) == 7
    assert "LPIPS (AlexNet)" in probe["tip"] and "fasdiff @ 400" in probe["tip"]
    assert probe["shown"] == 40
    assert "lower is better; a </script> in a note" in probe["note"]
