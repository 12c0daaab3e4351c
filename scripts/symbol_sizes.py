"""How large symbols are for so many bytes of portrait, signed: the tables of docs/guides/barcodes.md.

PYTHONPATH=src python scripts/symbol_sizes.py
"""

from __future__ import annotations

from intaglio.barcode.budget import MODULE, Layout, filled
from intaglio.barcode.card import Card
from intaglio.barcode.signing import Signer
from intaglio.barcode.symbols import KINDS, TooLong, encode
from intaglio.barcode.wraps import WRAPS, wrap
from intaglio.bench import markdown
from intaglio.bench.results import Record

BYTES = (150, 250, 400, 700, 1024)
SYMBOLS = ("qr/L", "qr/M", "qr/Q", "aztec/23", "datamatrix", "pdf417/5")


def cell(symbol: str, level: str, name: str, length: int, signer: Signer) -> str:
    """Modules and millimetres of the smallest symbol."""
    layout = Layout(symbol, level or None)
    try:
        modules = encode(symbol, wrap(name).pack(filled(length), Card(), signer), layout.strength)
    except TooLong:
        return "too long"
    height, width = modules.shape
    return f"{width}x{height}, {width * MODULE:.0f} mm" if height != width else f"{width}, {width * MODULE:.0f} mm"


def main() -> None:
    from cryptography.hazmat.primitives.asymmetric import ec

    signer = Signer.of(ec.generate_private_key(ec.SECP256R1()))
    rows: list[Record] = []
    for symbol, _, level in (name.partition("/") for name in SYMBOLS):
        title = f"{KINDS[symbol].title} {level}".strip()
        rows.append({"bare": title} | {f"{n} bytes": cell(symbol, level, "bare", n, signer) for n in BYTES})
    print(markdown.table(rows))
    rows = [{"QR M": name} | {f"{n} bytes": cell("qr", "M", name, n, signer) for n in BYTES} for name in WRAPS]
    print(f"\n{markdown.table(rows)}")


if __name__ == "__main__":
    main()
