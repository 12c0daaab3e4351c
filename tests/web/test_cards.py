"""The web page reads of a symbol what Python does: of every wrap, signed or not, and of what is none."""

import json
import shutil
import subprocess
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from intaglio.testing import TinyModel

pytest.importorskip("zxingcpp")
pytest.importorskip("cbor2")
pytest.importorskip("base45")

from intaglio.barcode import keyring
from intaglio.barcode.card import Card
from intaglio.barcode.failures import NotOurs
from intaglio.barcode.wraps import unpack, wrap

TOOL = Path(__file__).parents[2] / "web/tools/card.js"
pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
DAY = date(2031, 5, 17)
CLAIMS = {
    "claim169": {"issuer": "https://example.org", "full_name": "Ada Lovelace", "gender": 2},
    "idb": {"country": "D<<", "document_number": "C01X00T4", "mrz_td1": "I<UTOD231458907<<<<<<<<<<<<<<<"},
}


def test_cards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTAGLIO_FASDIFF", str(TinyModel("fasdiff").write(tmp_path / "tiny.safetensors")))
    portrait = TinyModel("fasdiff").codec().compress(np.full((64, 64, 3), 90, np.uint8), quality=30, bare=True)
    for name in ("ed25519", "es256"):
        keyring.new(tmp_path / f"{name}.pem", name)
    signers = {name: keyring.private(tmp_path / f"{name}.pem") for name in ("ed25519", "es256")}
    contents = []
    for name, card, algorithm in [
        ("bare", Card("", {}, None), None), ("bare", Card("Zoë, 7", {}, DAY), "ed25519"),
        ("claim169", Card("", CLAIMS["claim169"], DAY), "es256"), ("claim169", Card("", {}, None), "ed25519"),
        ("idb", Card("", CLAIMS["idb"], DAY), "es256"), ("idb", Card("", CLAIMS["idb"], None), None),
    ]:  # fmt: skip
        content = wrap(name).pack(portrait, card, signers[algorithm] if algorithm else None)
        contents.append(content if isinstance(content, bytes) else content.encode())
    rng = np.random.default_rng(4)
    for content in contents[:]:
        for _ in range(8):
            damaged = bytearray(content)
            damaged[rng.integers(len(damaged))] = rng.integers(256)
            contents.append(bytes(damaged)[: rng.integers(1, len(content))])
    files = [tmp_path / str(i) for i in range(len(contents))]
    for file, content in zip(files, contents):
        file.write_bytes(content)
    done = subprocess.run(["node", str(TOOL), *map(str, files)], capture_output=True, text=True, check=True, timeout=60)
    seen = [json.loads(line) for line in done.stdout.splitlines()]
    for i, (content, got) in enumerate(zip(contents, seen, strict=True)):
        try:
            opened = unpack(content)
        except NotOurs:
            assert i >= 6
            if isinstance(got, dict):  # its checksum is looked at when the portrait is opened
                assert got["wrap"] == "bare" and bytes.fromhex(got["portrait"]) == content
            continue
        assert (got["wrap"], got["text"], got["claims"]) == (opened.wrap, opened.card.text, dict(opened.card.claims))
        assert got["expires"] == (opened.card.expires and str(opened.card.expires))
        assert got["signed"] == (opened.signature is not None)
        assert got["keyId"] == (opened.signature and opened.signature.key_id.hex())
        if opened.wrap != "bare":
            assert bytes.fromhex(got["portrait"]) == opened.portrait
