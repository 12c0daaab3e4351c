"""`intaglio info`: what files say of themselves."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING, Any

from intaglio.cli import arguments
from intaglio.cli.arguments import between
from intaglio.cli.terminal import complain, say
from intaglio.errors import sentence
from intaglio.files import STREAM, read, sources
from intaglio.format import MAX_BYTES, MAX_PIXELS

if TYPE_CHECKING:
    from intaglio.info import Info


def add(commands: Any) -> None:
    parser = arguments.command(commands, "info", info, "Print what files say of themselves.", "FILE... [options]")
    parser.add_argument("names", nargs="+", metavar="FILE", help=".itg files, folders (searched recursively), or -")
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
    for source, _ in list(sources(args.names, {".itg"})):
        name = str(source or STREAM)
        try:
            data = read(source, MAX_BYTES + 1)
            facts = inspect(
                data, sections=args.sections, bare=args.bare, length=args.length, max_pixels=args.max_pixels
            )
        except Exception as error:  # whatever one file does, the others are read
            reason, failed = sentence(error), True
            complain(reason if name in reason else f"{name}: {reason}")
            continue
        if args.json:
            say(json.dumps({"file": name} | facts.as_dict()))
        else:
            for line in _page(name, facts):
                say(line)
    return 2 if failed else 0


def _page(name: str, facts: Info) -> list[str]:
    """Lines for people."""
    keys: tuple[str, ...] = ("codec", "width", "height", "model", "decoder", "licence", "header_bytes", "payload_bytes")
    if facts.checkpoint:
        keys = (*keys, "checkpoint")
    lines = [f"{'file':18}{name}", *(f"{key.replace('_', ' '):18}{getattr(facts, key)}" for key in keys), "header"]
    lines += [f"  {field:16}{bits:10} bits   {value}" for field, bits, value in facts.fields]
    if facts.sections:
        lines += ["payload", *(f"  {section:16}{size:10.1f} bytes" for section, size in facts.sections.items())]
    return lines
