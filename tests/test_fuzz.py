"""The fuzzers run, and find nothing in a few tries; many more are a command away."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

FUZZ = Path(__file__).parent.parent / "fuzz"


@pytest.mark.parametrize(
    ("name", "tries"), [("reader", 2000), ("payload", 60), ("pictures", 400), ("weights", 60), ("symbols", 30)]
)
def test_a_few_tries(name: str, tries: int, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    monkeypatch.syspath_prepend(FUZZ)
    code = importlib.import_module(f"fuzz_{name}").main(["--tries", str(tries)])
    said = capfd.readouterr()
    assert code == 0, said.err
    assert said.out.startswith(f"{tries} tries: ") and ", 0 faults" in said.out


def test_a_fault_is_told_by_its_number(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.syspath_prepend(FUZZ)
    seeded = importlib.import_module("seeded")

    def one(rng: object) -> None:
        raise KeyError("raw")

    assert seeded.run(one, ["--tries", "2", "--seed", "7"], tries=1, megabytes=1, about=None) == 1
    assert "--seed 8 --tries 1" in capsys.readouterr().err
