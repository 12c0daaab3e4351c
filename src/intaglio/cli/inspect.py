"""`intaglio info`: what a file says of itself."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from intaglio.cli import arguments
from intaglio.files import STREAM, read


def add(commands: Any) -> None:
    parser = arguments.command(
        commands, "info", info, "Print a file's header and the bytes of every section.", "FILE [--json] [--bare]"
    )
    parser.add_argument("file", metavar="FILE", help="an .itg file or -")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    arguments.bare(parser)


def info(args: argparse.Namespace) -> int:
    from intaglio.info import inspect

    facts = inspect(read(None if args.file == STREAM else Path(args.file)), bare=args.bare)
    if args.json:
        print(json.dumps(facts.as_dict()))
        return 0
    for key in ("codec", "width", "height", "model", "decoder", "header_bytes", "payload_bytes"):
        print(f"{key.replace('_', ' '):18}{getattr(facts, key)}")
    print("header")
    for name, bits, value in facts.fields:
        print(f"  {name:16}{bits:10} bits   {value}")
    print("payload")
    for name, size in facts.sections.items():
        print(f"  {name:16}{size:10.1f} bytes")
    return 0
