"""`intaglio keys`: private keys that sign cards, and the public ones that verify them."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from intaglio.cli import arguments
from intaglio.cli.terminal import say
from intaglio.errors import OptionError

ALGORITHMS = ("ed25519", "es256")


def add(commands: Any) -> None:
    parser = arguments.command(
        commands,
        "keys",
        keys,
        "Make keys that sign cards, or show what is in a file.",
        "{new,show} FILE.pem... [options]",
    )
    parser.add_argument("action", choices=["new", "show"])
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE.pem", help="new: of the private key; show: any")
    parser.add_argument("--algorithm", choices=ALGORITHMS, default="ed25519", help="default ed25519")


def keys(args: argparse.Namespace) -> int:
    from intaglio.barcode import keyring

    for file in args.files:
        if args.action == "new":
            if file.suffix != ".pem":
                raise OptionError(f"{file} must end in .pem")
            key = keyring.new(file, args.algorithm)
            say(
                f"{file}: private, keep it; {file.with_name(key.name)}: public, give it to readers; key {key.key_id.hex()}"
            )
        else:
            key, kind = keyring.show(file)
            say(f"{file}: {kind} {key.algorithm} key {key.key_id.hex()}")
    return 0
