"""The measuring scripts start, and their pure functions are right."""

import runpy
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

SCRIPTS = Path(__file__).parents[1] / "scripts"


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Scripts see their neighbours when they are run."""
    monkeypatch.syspath_prepend(SCRIPTS)


@pytest.mark.parametrize(
    "name",
    [
        "measure_ablation",
        "measure_work",
        "measure_rate",
        "measure_parts",
        "check_measures",
        "measure_cgdm",
        "measure_encoders",
        "measure_large",
        "measure_noise",
        "training_table",
        "sheet",
    ],
)
def test_help(name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(SCRIPTS / f"{name}.py")
    monkeypatch.setattr(sys, "argv", [path, "--help"])
    with pytest.raises(SystemExit) as stop:
        runpy.run_path(path, run_name="__main__")
    assert stop.value.code == 0
    assert f"scripts/{name}.py" in capsys.readouterr().out  # the command to type


def test_bootstrap_is_paired_and_repeatable() -> None:
    import measuring

    rng = np.random.default_rng(1)
    a = rng.normal(5, 3, 60)
    b = a - 0.1 + rng.normal(0, 0.02, 60)  # far less between the two than from picture to picture
    value, low, high = measuring.paired(a.tolist(), b.tolist())
    assert value == pytest.approx(float((a - b).mean()))
    assert 0.09 < low < value < high < 0.11
    assert measuring.paired(a.tolist(), b.tolist()) == (value, low, high)
    value, low, high = measuring.bootstrap([a.tolist()])
    assert low < 5 < high
    assert high - low == pytest.approx(2 * 1.96 * a.std() / 60**0.5, rel=0.1)


def test_gain_is_a_ratio_of_means() -> None:
    import measuring

    assert measuring.gain([0.9, 1.8, 2.7], [1.0, 2.0, 3.0]) == pytest.approx((10, 10, 10))


def test_table_shows_what_fails() -> None:
    import measuring

    lines = measuring.table("Title", [{"a": 1.23456, "held": True}, {"b": (1.0, 0.5, 1.5), "held": False}]).splitlines()
    assert lines[-2:] == ["| 1.235 | yes | - |", "| - | NO | 1 [0.5, 1.5] |"]


def test_violations() -> None:
    import measure_rate

    found = measure_rate.violations(np.array([[10, 12, 12, 15], [10, 14, 11, 16]]))
    assert found["pairs, % of pictures (mean)"] == pytest.approx(100 / 6)
    assert (found["worst pair, %"], found["pictures with any, %"], found["largest fall, bytes"]) == (50, 50, 3)


def test_filling() -> None:
    import measure_rate

    assert measure_rate.filling([95, 100], 100, 0)["held"]
    assert not measure_rate.filling([95, 101], 100, 0)["held"]  # over
    assert not measure_rate.filling([80, 85], 100, 0)["held"]  # wasteful
    assert not measure_rate.filling([95, 100], 100, 1)["held"]  # a picture was refused
    assert not measure_rate.filling([], 100, 2)["held"]


def test_over_tables() -> None:
    import measure_rate

    assert not measure_rate.over_tables(107, 100)
    assert measure_rate.over_tables(108, 100)


def test_low_band_keeps_flat_and_drops_fine() -> None:
    import measure_parts

    flat = torch.full((1, 3, 32, 32), 0.4)
    fine = torch.tensor([1.0, -1.0]).repeat(16).expand(1, 3, 32, 32)
    assert torch.allclose(measure_parts.low_band(flat + 0.1 * fine), flat, atol=1e-6)


def test_work_of_a_convolution_is_counted_by_hand() -> None:
    import measure_work

    times = iter(range(100))
    assert measure_work.best(lambda: next(times)) >= 0
    assert next(times) == 1 + measure_work.REPEATS
    found = {
        "encode: a": {"GFLOP": 30.0, "seconds": 0.3}, "decode: b": {"GFLOP": 10.0, "seconds": 0.2},
        "decode: noise": {"GFLOP": 0.0, "seconds": 0.1}, "a further step": {"GFLOP": 9.0, "seconds": 0.1},
    }  # fmt: skip
    encode, decode, step, *_ = measure_work.totals(found, 100.0)
    assert (encode["GFLOP"], encode["share of rate %"], encode["held"]) == (30.0, pytest.approx(100), True)
    assert decode["GFLOP"] == 19.0
    assert decode["seconds"] == pytest.approx(0.3)
    assert not step["held"]  # nine are over eight


def test_largest_that_fits() -> None:
    import sheet

    sizes = {setting: 10 * setting for setting in range(50)}
    code = lambda setting: (sizes[setting], setting)  # noqa: E731
    for budget in (0, 99, 100, 101, 489, 490, 1000):
        assert sheet.largest(code, range(50), budget)[1] == min(49, budget // 10)
    assert sheet.largest(code, range(5, 50), 12)[1] == 5  # nothing fits: the smallest


def test_auto_is_set_against_the_better() -> None:
    import measure_encoders

    row = lambda *values: {"LPIPS-VGG": list(values)}  # noqa: E731
    rows = {
        ("fasdiff", 0, 400): row(0.3, 0.1, 0.3),
        ("cgdm", 0, 400): row(0.2, 0.2, 0.4),
        ("auto", 0, 400): row(0.2, 0.1, 0.4),  # wrong once
    }
    lines = measure_encoders.tables(rows)["At most 400 bytes"]
    assert lines[2]["LPIPS-VGG less the better's"][0] == pytest.approx(0.1 / 3)
    assert lines[1]["LPIPS-VGG less the first's"][0] == pytest.approx(0.1 / 3)


def test_training_tables_sum_hours(tmp_path: Path) -> None:
    import training_table

    (tmp_path / "log.jsonl").write_text(
        '{"step": 5, "loss": 1.0}\n{"step": 9, "val/psnr": 30.5, "val/q0/bytes": 99.0, "hours": 0.5, "pflop": 0.25}\n'
    )
    text, hours, pflop = training_table.row(tmp_path)
    assert text == f"| {tmp_path.name} | 9 | 0.50 | 0.250 | psnr 30.500, q0/bytes 99.000 |"
    assert (hours, pflop) == (0.5, 0.25)


def test_noise_scale_of_known_gradients() -> None:
    import measure_noise

    rng = np.random.default_rng(3)
    true, noise = rng.normal(0, 1, 4000), 5.0  # a batch's variance is 25 times the squared length
    gradients = (true + noise * rng.normal(0, 1, (160, 4000))).reshape(8, 20, 4000)
    sums = gradients.sum(1)
    counts = np.full(8, 20)
    value, low, high = measure_noise.noise_scale(sums @ sums.T, np.square(gradients).sum((1, 2)), counts)
    assert value == pytest.approx(25, rel=0.1)
    assert 15 < low < value < high < 45
    alone = gradients - true
    sums = alone.sum(1)
    assert measure_noise.noise_scale(sums @ sums.T, np.square(alone).sum((1, 2)), counts)[2] == float("inf")
