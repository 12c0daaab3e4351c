"""`intaglio info`: what files say of themselves."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from intaglio.cli import arguments
from intaglio.cli.arguments import between
from intaglio.cli.batch import complain, sentence
from intaglio.errors import IntaglioError
from intaglio.files import STREAM, read
from intaglio.format import MAX_PIXELS

if TYPE_CHECKING:
    from intaglio.info import Info


def add(commands: Any) -> None:
    parser = arguments.command(commands, "info", info, "Print what files say of themselves.", "FILE... [options]")
    parser.add_argument("names", nargs="+", metavar="FILE", help=".itg files, or -")
    parser.add_argument("--json", action="store_true", help="one JSON object a file")
    parser.add_argument("--sections", action="store_true", help="the bytes of every section of the payload too")
    arguments.bare(parser)
    parser.add_argument(
        "--length", type=between(int, 1), metavar="N", help="the file is the first N bytes of a padded slot"
    )
    parser.add_argument(
        "--max-pixels", type=between(int, 1), default=MAX_PIXELS, metavar="N", help="size that is accepted"
    )


def info(args: argparse.Namespace) -> int:
    from intaglio.info import inspect

    failed = False
    for name in args.names:
        try:
            data = read(None if name == STREAM else Path(name))
            facts = inspect(
                data, sections=args.sections, bare=args.bare, length=args.length, max_pixels=args.max_pixels
            )
        except (IntaglioError, OSError) as error:
            reason, failed = sentence(error), True
            complain(reason if name in reason else f"{name}: {reason}")
            continue
        if args.json:
            print(json.dumps({"file": name} | facts.as_dict()), flush=True)
        else:
            print(_page(name, facts), flush=True)
    return 2 if failed else 0


def _page(name: str, facts: Info) -> str:
    """For people."""
    keys = ("codec", "width", "height", "model", "decoder", "header_bytes", "payload_bytes")
    lines = [f"{'file':18}{name}", *(f"{key.replace('_', ' '):18}{getattr(facts, key)}" for key in keys), "header"]
    lines += [f"  {field:16}{bits:10} bits   {value}" for field, bits, value in facts.fields]
    if facts.sections:
        lines += ["payload", *(f"  {section:16}{size:10.1f} bytes" for section, size in facts.sections.items())]
    return "\n".join(lines)
