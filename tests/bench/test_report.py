"""The report: all in one file, and alive in a browser."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from intaglio.bench import coding, plots, report, summary
from intaglio.bench.results import Results

NAMES = ["a", "b", "c"]
CODECS = {"fasdiff": [400.0, 800.0], "avif": [10.0, 20.0, 30.0], "avif/2": [10.0, 20.0]}
MEASURES = [
    {"name": "psnr", "title": "PSNR (dB)", "lower": False, "note": ""},
    {"name": "lpips", "title": "LPIPS (AlexNet)", "lower": True, "note": "a </script> in a note"},
]


@pytest.fixture
def pictures() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {name: rng.integers(0, 256, (32, 40, 3), np.uint8) for name in NAMES}


@pytest.fixture
def results(tmp_path: Path, pictures: dict[str, np.ndarray]) -> Results:
    made = Results(tmp_path)
    made.add(
        "run",
        {
            "set": "test", "pictures": NAMES, "codecs": CODECS, "mine": ["fasdiff"], "bpp": False, "measures": MEASURES,
            "left_out": {"niqe": "NIQE is left out."}, "facts": {"date": "2026-01-01"},
            "groups": {f"{name}.png": {"group": group, "sex": ""} for name, group in zip(NAMES, ("x", "x", "y"))},
        },
    )  # fmt: skip
    for codec, settings in CODECS.items():
        for k, setting in enumerate(settings):
            for i, name in enumerate(NAMES):
                size = (k + 1) * (200 if codec == "fasdiff" else 300)
                loss = 0.4 - 0.1 * k + (0.2 * i if codec == "fasdiff" else 0)
                row = {"codec": codec, "setting": setting, "picture": name, "bytes": size + 9, "counted": size}
                made.add("row", row | {"pixels": 1280, "psnr": 30 - 10 * loss, "lpips": loss})
                coding.store(coding.place(tmp_path, codec, setting, name), b"0" * size, pictures[name])
    made.add("time", {"codec": "fasdiff", "setting": 400, "encode_s": 1.5, "decode_s": 0.25, "peak_mb": 900.0})
    return made


def test_worst_cases_come_first(results: Results) -> None:
    assert report.worst(results.curves(), ["fasdiff"], MEASURES[1], NAMES) == ["c", "b", "a"]


def test_tables_of_rates(results: Results) -> None:
    rows = report.differences(results)
    assert {(r["against"], r["measure"]) for r in rows} == {("avif", "PSNR (dB)"), ("avif", "LPIPS (AlexNet)")}
    equal = report.equal(results)
    found = {(r["codec"], r["bytes"]): r["lpips"] for r in equal}
    assert found["fasdiff", 250] == pytest.approx(0.6 - 0.1 * np.log(1.25) / np.log(2), abs=1e-3)
    assert ("fasdiff", 1000) not in found  # beyond what was run


def test_summary_is_markdown_with_the_same_figures(results: Results, tmp_path: Path) -> None:
    out = tmp_path / "docs" / "results.md"
    kernel = {"kd": 7.0, "kd_low": 5.4, "kd_high": 9.0}
    results.add("set", {"codec": "fasdiff", "setting": 400.0} | kernel)
    results.add("run", results.run | {"measures": [*MEASURES, {"name": "kd", "title": "", "lower": True, "note": ""}]})
    summary.write([tmp_path], out)
    text = out.read_text()
    assert "## test: 3 pictures, fasdiff" in text and "- date: 2026-01-01" in text and "NIQE is left out." in text
    assert "| fasdiff | 400 | 200 |" in text.replace("400.0", "400").replace("200.0", "200")
    assert "| 7 | [5, 9] |" in text
    with pytest.raises(Exception, match="holds no report"):
        summary.write([tmp_path / "nothing"], out)


def test_bytes_for_the_same_identity(results: Results) -> None:
    assert report.bytes_for(results) == []  # no faces were measured
    results.run["measures"] = [*MEASURES, {"name": "identity", "title": "", "lower": True, "note": ""}]
    for row in results.rows.values():
        row["identity"] = 0.75 - row["counted"] / 1000
    ours, avif = report.bytes_for(results)
    assert ours["bytes for identity 0.5"] == 238 and ours["bytes for identity 0.3"] is None  # 200 * 2 ** .25
    assert 300 < avif["bytes for identity 0.4"] < 400 and avif["bytes for identity 0.5"] is None


def test_measures_by_group(results: Results) -> None:
    found = {(row["codec"], row["group"]): row for row in report.grouped(results)}
    assert found["fasdiff", "x"]["pictures"] == 2 and found["fasdiff", "y"]["pictures"] == 1
    assert found["fasdiff", "y"]["lpips"].startswith("0.700")
    assert "identity" not in found["avif", "x"]


def test_plots(results: Results, pictures: dict[str, np.ndarray], tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    drawn = plots.draw(report.gather(results, pictures, tmp_path), tmp_path / "plots")
    assert [p.name for p in drawn] == ["psnr.png", "lpips.png"]
    assert all(p.stat().st_size > 5000 for p in drawn)


def test_the_page_holds_its_data(results: Results, pictures: dict[str, np.ndarray], tmp_path: Path) -> None:
    page = tmp_path / "index.html"
    report.write(report.gather(results, pictures, tmp_path), page)
    text = page.read_text()
    assert "http://" not in text.replace("http://www.w3.org/2000/svg", "") and "https://" not in text
    found = re.search(r'<script id="data" type="application/json">(.*?)</script>', text, re.DOTALL)
    assert found is not None
    data = json.loads(found[1])
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


def test_in_a_browser(results: Results, pictures: dict[str, np.ndarray], tmp_path: Path) -> None:
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("no Chromium here (Debian: apt install chromium)")
    page = tmp_path / "index.html"
    report.write(report.gather(results, pictures, tmp_path), page)
    page.write_text(page.read_text().replace("<h1", PROBE + "<h1", 1))
    done = subprocess.run(
        [browser, *QUIET, f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", page.as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert "CONSOLE" not in done.stderr, done.stderr
    found = re.search(r'data-probe="([^"]*)"', done.stdout)
    assert found is not None, done.stdout[-2000:]
    probe = json.loads(found[1].replace("&quot;", '"').replace("&lt;", "<").replace("&gt;", ">"))
    assert probe["errors"] == []
    assert probe["curves"] == probe["single"] == 3
    assert probe["clip"] == "inset(0px 80% 0px 0px)"
    assert probe["sorted"] == sorted(probe["sorted"]) and len(probe["sorted"]) == 7
    assert "LPIPS (AlexNet)" in probe["tip"] and "fasdiff @ 400" in probe["tip"]
    assert probe["shown"] == 40
    assert "lower is better; a </script> in a note" in probe["note"]
