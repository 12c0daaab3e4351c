"""The commands of cards: a symbol from a picture, a portrait from a symbol, keys, and an exit code for each way to fail."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("zxingcpp")

from intaglio.barcode import failures
from intaglio.barcode.printing import raster
from intaglio.barcode.symbols import encode
from intaglio.cli import barcode, keys
from intaglio.cli.main import main
from intaglio.pipeline.classic import CLASSICS

pytestmark = pytest.mark.usefixtures("installed")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """With portrait.png, and the working directory."""
    pixels = np.random.default_rng(5).integers(0, 256, (16, 12, 3), dtype=np.uint8)
    Image.fromarray(pixels).resize((96, 128), Image.Resampling.BICUBIC).save(tmp_path / "portrait.png")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(line: str) -> int:
    return main(line.split())


def test_the_whole_way(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("keys new issuer.pem --algorithm es256") == 0
    assert stat.S_IMODE((folder / "issuer.pem").stat().st_mode) == 0o600
    assert run("keys show issuer.pem issuer.pub.pem") == 0
    lines = capsys.readouterr().out.splitlines()
    assert "private es256" in lines[1] and "public es256" in lines[2] and lines[1][-8:] == lines[2][-8:]

    make = "barcode portrait.png -o card.png --frame none --key issuer.pem --text Ada --expires 2099-12-31"
    assert run(make) == 0
    said = capsys.readouterr().out
    assert said.startswith("card.png: QR version 17 M, 85x85 modules, 28 mm at 0.33 mm: ")
    assert "64 of signature" in said
    assert run("read card.png -o drawn.png --keys .") == 0
    assert (
        "verified: signed by issuer.pub.pem" in (said := capsys.readouterr().out)
        and '"Ada"' in said
        and "NOT" not in said
    )
    assert run("read card.png -o drawn.jpg") == 0
    assert "NOT verified" in capsys.readouterr().out
    assert run("read card.png -o drawn.png -f --keys . --json") == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["verified"] is True and facts["text"] == "Ada" and facts["expires"] == "2099-12-31"
    with Image.open(folder / "drawn.png") as drawn:
        assert drawn.size == (96, 128)


@pytest.mark.parametrize("ending", ["svg", "pdf"])
def test_other_files_for_print(folder: Path, ending: str) -> None:
    assert run(f"barcode portrait.png -o card.{ending} --frame none --symbol aztec --mm 40 --module-mm .5") == 0
    assert (folder / f"card.{ending}").stat().st_size > 1000


def test_claims_from_a_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("claims.json").write_text('{"full_name": "Ada Lovelace", "gender": 2}')
    run("keys new issuer.pem")
    assert (
        run("barcode portrait.png -o card.png --frame none --wrap claim169 --claims claims.json --key issuer.pem") == 0
    )
    assert run("read card.png -o drawn.png --keys issuer.pub.pem") == 0
    assert "full_name Ada Lovelace" in capsys.readouterr().out
    Path("claims.json").write_text("[]")
    assert run("barcode portrait.png -o other.png --frame none --wrap claim169 --claims claims.json") == 2


def test_each_way_to_fail_has_a_code(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("issuer", "keys/stranger"):
        run(f"keys new {name}.pem")
    card = "barcode portrait.png --frame none -o"
    run(f"{card} signed.png --key issuer.pem")
    run(f"{card} plain.png")
    run(f"{card} expired.png --key issuer.pem --expires 2020-01-01")
    raster(encode("qr", b"https://example.org", "M"), 4).save("web.png")
    holed = np.array(Image.open("signed.png").convert("L"))
    holed[200:560, 200:560] = 255
    Image.fromarray(holed).save("damaged.png")
    capsys.readouterr()
    expected = {
        "portrait.png": 3, "damaged.png": 4, "web.png": 5, "signed.png --keys keys": 7, "plain.png --keys keys": 8,
        "expired.png": 9, "absent.png": 2, "signed.png --keys absent": 2,
    }  # fmt: skip
    assert {line: run(f"read {line} -o drawn.png") for line in expected} == expected
    assert len(capsys.readouterr().err.splitlines()) == len(expected)
    assert not (folder / "drawn.png").exists()
    codes = {error.code: name for name, error in vars(failures).items() if hasattr(error, "code")}
    assert sorted(codes) == [2, 3, 4, 5, 6, 7, 8, 9, 10]
    for code, name in codes.items():
        assert name in (failures.__doc__ or "") and (code == 2 or f" {code}  " in (failures.__doc__ or ""))


def test_nothing_is_overwritten_unasked(folder: Path) -> None:
    run("keys new issuer.pem")
    before = (folder / "issuer.pem").read_bytes()
    assert run("keys new issuer.pem") == 2
    assert (folder / "issuer.pem").read_bytes() == before
    assert run("barcode portrait.png -o portrait.png --frame none") == 2
    assert run("barcode portrait.png -o card.gif --frame none") == 2
    assert run("keys show portrait.png") == 2


def test_choices_are_those_of_the_room() -> None:
    """The start of the command must not import the room, so they are written down twice."""
    from intaglio.barcode import signing, symbols, wraps

    assert tuple(symbols.KINDS) == barcode.SYMBOLS and barcode.WRAPS == wraps.WRAPS
    assert tuple(CLASSICS) == barcode.CLASSICS and keys.ALGORITHMS == signing.ALGORITHMS
