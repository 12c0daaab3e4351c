"""`intaglio read`: the portrait out of a photographed barcode."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from intaglio import atomic
from intaglio.cli import arguments
from intaglio.cli.compress import standard_input
from intaglio.cli.terminal import complain, say
from intaglio.endings import WRITES
from intaglio.files import STREAM

if TYPE_CHECKING:
    from intaglio.barcode import Reading


def add(commands: Any) -> None:
    parser = arguments.command(
        commands, "read", read, "Read a portrait out of a barcode in a photograph.", "PHOTO -o PORTRAIT.png [options]"
    )
    parser.add_argument("photo", metavar="PHOTO", help="a picture or PDF that shows the card, or -")
    parser.add_argument("-o", "--out", required=True, metavar="PORTRAIT", help=f"a file {', '.join(WRITES)}")
    parser.add_argument("-f", "--force", action="store_true", help="overwrite the file")
    parser.add_argument(
        "--keys", type=Path, metavar="DIR", help="public keys (*.pem): nothing is drawn but what one of them signed"
    )
    parser.add_argument("--json", action="store_true", help="report in JSON")
    parser.epilog = (
        "Exit codes: 0 read (and verified, where keys are given), 2 bad options or files, 3 no symbol, 4 symbol damaged, "
        "5 not ours, 6 signature wrong, 7 key not known, 8 not signed, 9 expired, 10 not yet valid."
    )


def read(args: argparse.Namespace) -> int:
    target = arguments.target(args, WRITES)
    from intaglio import barcode
    from intaglio.barcode.failures import BarcodeError
    from intaglio.image import encoded

    photo = standard_input() if args.photo == STREAM else args.photo
    try:
        reading = barcode.read(photo, keys=args.keys)
    except BarcodeError as error:
        complain(error)
        return error.code
    atomic.write(target, encoded(reading.image, WRITES[target.suffix.lower()]), replace=args.force)
    say(json.dumps(_facts(reading)) if args.json else f"{target}: {_sentence(reading)}")
    return 0


def _facts(reading: Reading) -> dict[str, Any]:
    return {
        "symbol": reading.symbol,
        "wrap": reading.wrap,
        "portrait_bytes": len(reading.portrait),
        "text": reading.text,
        "claims": dict(reading.claims),
        "expires": reading.expires and str(reading.expires),
        "key": reading.key_id and reading.key_id.hex(),
        "verified": reading.verified,
        "signer": reading.signer,
    }


def _sentence(reading: Reading) -> str:
    parts = [f"{len(reading.portrait)} bytes of portrait"]
    parts += [f'"{reading.text}"'] if reading.text else []
    parts += [f"{name} {value}" for name, value in reading.claims.items()]
    parts += [f"counts until {reading.expires}"] if reading.expires else []
    if reading.verified:
        parts.append(f"verified: signed by {reading.signer}")
    elif reading.key_id:
        parts.append(f"NOT verified: it says key {reading.key_id.hex()} signed it, and --keys is not given")
    else:
        parts.append("NOT verified: nobody signed it")
    return ", ".join(parts)
