"""`intaglio barcode`: a portrait into a printable symbol."""

from __future__ import annotations

import argparse
import io
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from intaglio import atomic
from intaglio.cli import arguments
from intaglio.cli.arguments import between
from intaglio.cli.compress import standard_input
from intaglio.cli.terminal import say
from intaglio.codecs import CODECS
from intaglio.errors import OptionError
from intaglio.files import STREAM
from intaglio.options import FRAMES

if TYPE_CHECKING:
    from intaglio.barcode import Symbol

SYMBOLS = ("qr", "aztec", "datamatrix", "pdf417")
CLASSICS = ("webp", "avif", "jp2")
WRAPS = ("bare", "claim169", "idb")
WRITES: dict[str, Callable[[Symbol], bytes]] = {
    ".png": lambda symbol: symbol.png(),
    ".svg": lambda symbol: symbol.svg(),
    ".pdf": lambda symbol: symbol.pdf(),
}


def add(commands: Any) -> None:
    parser = arguments.command(
        commands, "barcode", barcode, "Make a barcode that holds a portrait.", "PORTRAIT -o CARD.png [options]"
    )
    parser.add_argument("portrait", metavar="PORTRAIT", help="a picture of one face, or -")
    parser.add_argument("-o", "--out", required=True, metavar="CARD", help="a file .png, .svg or .pdf")
    parser.add_argument("-f", "--force", action="store_true", help="overwrite the file")
    parser.add_argument("--symbol", choices=SYMBOLS, default="qr", help="default qr")
    parser.add_argument(
        "--level", metavar="L", help="of error correction: qr L M Q H, aztec 10 23 36 50, pdf417 0 to 8"
    )
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--modules", type=between(int, 1), metavar="N", help="width of the symbol, at most; default 85")
    size.add_argument("--bytes", type=between(int, 6), metavar="N", help="bytes of portrait; the symbol follows")
    size.add_argument("--mm", type=between(float, 1), metavar="W", help="width of the symbol in print, at most")
    parser.add_argument(
        "--module-mm",
        type=between(float, 0.05, 10),
        default=0.33,
        metavar="W",
        help="of a module in print, default .33",
    )
    parser.add_argument("--wrap", choices=WRAPS, default="bare", help="the format around the portrait, default bare")
    parser.add_argument("--text", default="", help="a short plain text beside the portrait (bare)")
    parser.add_argument(
        "--claims", type=Path, metavar="FILE.json", help="name, date of birth and the rest (claim169, idb)"
    )
    parser.add_argument("--expires", type=day, metavar="YYYY-MM-DD", help="the last day on which the card counts")
    parser.add_argument("--key", type=Path, metavar="KEY.pem", help="sign all of it by this private key")
    parser.add_argument("--codec", choices=[*CODECS, "auto", *CLASSICS], default="fasdiff", help="default fasdiff")
    parser.add_argument(
        "--effort", type=int, choices=range(10), default=0, metavar="0..9", help="time spent on a nearer portrait"
    )
    parser.add_argument(
        "--frame", choices=[*FRAMES, "none"], default="token", help="how the face is cut, default token"
    )


def barcode(args: argparse.Namespace) -> int:
    target = arguments.target(args, WRITES)
    claims = _claims(args.claims) if args.claims else None
    from intaglio.barcode import Layout, make

    layout = Layout(args.symbol, args.level, args.modules, args.bytes, args.mm, args.module_mm)
    symbol = make(
        io.BytesIO(standard_input()) if args.portrait == STREAM else args.portrait,
        layout,
        wrap=args.wrap,
        text=args.text,
        claims=claims,
        expires=args.expires,
        key=args.key,
        codec=args.codec,
        frame=None if args.frame == "none" else args.frame,
        effort=args.effort,
    )
    atomic.write(target, WRITES[target.suffix.lower()](symbol), replace=args.force)
    say(f"{target}: {symbol}")
    return 0


def _claims(path: Path) -> dict[str, Any]:
    try:
        claims = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise OptionError(f"{path} is no JSON file that can be read: {error}") from error
    if not isinstance(claims, dict):
        raise OptionError(f"{path} must hold one JSON object, of names and values")
    return claims


def day(text: str) -> date:
    """A day as ISO 8601 writes it."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} is no day: write it as 2030-12-31") from None
